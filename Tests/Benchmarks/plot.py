"""Draws how cost grows with the size of inputs, and fits exponents."""

import math

COLOURS = ["#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#e377c2", "#7f7f7f"]


def slope(points):
    """Exponent of growth: least squares in logarithms, over the points that stand out from the cost of a start."""
    base = min(seconds for _, seconds in points) * 0.5
    high = [(math.log(count), math.log(seconds - base)) for count, seconds in points if seconds > 2 * base]
    high = high[-3:]
    if len(high) < 2:
        return None
    mean_x = sum(x for x, _ in high) / len(high)
    mean_y = sum(y for _, y in high) / len(high)
    spread = sum((x - mean_x) ** 2 for x, _ in high)
    return sum((x - mean_x) * (y - mean_y) for x, y in high) / spread


def exponents(series):
    fitted = {name: slope(points) for name, points in series.items()}
    return {name: "" if value is None else f"{value:.2f}" for name, value in fitted.items()}


def svg(series):
    """A picture with a logarithmic axis each way, one line a series."""
    width, height, left, bottom, right = 760, 420, 60, 50, 200
    counts = [count for points in series.values() for count, _ in points]
    times = [seconds for points in series.values() for _, seconds in points]
    low_x, high_x = math.floor(math.log10(min(counts))), math.ceil(math.log10(max(counts)))
    low_y, high_y = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))

    def x(count):
        return left + (math.log10(count) - low_x) / (high_x - low_x) * (width - left - right)

    def y(seconds):
        return height - bottom - (math.log10(seconds) - low_y) / (high_y - low_y) * (height - bottom - 20)

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
             'font-size="12">', f'<rect width="{width}" height="{height}" fill="#ffffff"/>']
    for power in range(low_x, high_x + 1):
        at = x(10 ** power)
        parts.append(f'<line x1="{at:.0f}" y1="20" x2="{at:.0f}" y2="{height - bottom}" stroke="#dddddd"/>')
        parts.append(f'<text x="{at:.0f}" y="{height - bottom + 18}" text-anchor="middle">{10 ** power:,}</text>')
    for power in range(low_y, high_y + 1):
        at = y(10 ** power)
        label = f"{10 ** power:g} s" if power >= 0 else f"{10 ** (power + 3):g} ms"
        parts.append(f'<line x1="{left}" y1="{at:.0f}" x2="{width - right}" y2="{at:.0f}" stroke="#dddddd"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4:.0f}" text-anchor="end">{label}</text>')
    parts.append(f'<text x="{(left + width - right) / 2:.0f}" y="{height - 10}" text-anchor="middle">'
                 'rules, elements, chains, features or units</text>')
    fitted = exponents(series)
    ends = sorted((y(points[-1][1]), name) for name, points in series.items())
    label_at = {}
    last = 0
    for at, name in ends:
        last = max(at, last + 16)
        label_at[name] = last
    for colour, (name, points) in zip(COLOURS, series.items()):
        path = " ".join(f"{x(count):.1f},{y(seconds):.1f}" for count, seconds in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x(count):.1f}" cy="{y(seconds):.1f}" r="3" fill="{colour}"/>' for count, seconds in points]
        exponent = f": exponent {fitted[name]}" if fitted[name] else ""
        parts.append(f'<text x="{width - right + 8}" y="{label_at[name] + 4:.0f}" fill="{colour}">{name}{exponent}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"
