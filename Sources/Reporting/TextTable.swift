/// Columns of text, padded to the widest cell.
enum TextTable {
  /// Rows of cells, the first row a heading; columns from `rightAligned` on are numbers.
  static func render(_ rows: [[String]], rightAligned: Int = .max, style: TextStyle) -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.enumerated().map { index, row in
      let cells = row.enumerated().map { column, cell in
        let pad = String(repeating: " ", count: max(0, widths[column] - cell.count))
        if column >= rightAligned { return pad + cell }
        return column == row.count - 1 ? cell : cell + pad
      }
      let line = cells.joined(separator: "  ")
      return (index == 0 ? style.paint(line, .bold) : line) + "\n"
    }.joined()
  }
}
