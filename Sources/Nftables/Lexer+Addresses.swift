import SourceText

extension Lexer {
  /// Four decimal numbers of one to three digits with dots between.
  mutating func address4(_ start: Int) -> Token? {
    var value: UInt64 = 0
    var isMalformed = false
    var index = start
    for part in 0..<4 {
      var number: UInt64 = 0
      let first = index
      while index < end, index - first < 3, bytes[index] &- 0x30 < 10 {
        number = number * 10 + UInt64(bytes[index] &- 0x30)
        index += 1
      }
      guard index > first else { return nil }
      if number > 255 { isMalformed = true }
      value = value << 8 | number & 255
      if part < 3 {
        guard index < end, bytes[index] == 0x2E else { return nil }
        index += 1
      }
    }
    position = index
    var token = Token(
      kind: .address4, keyword: .none, start: UInt32(truncatingIfNeeded: start),
      end: UInt32(truncatingIfNeeded: index), number: value)
    token.isMalformed = isMalformed
    return token
  }

  /// The longest IPv6 or MAC address at an offset that reaches beyond `minimum`.
  mutating func address(_ start: Int, longerThan minimum: Int) -> Token? {
    var groups: UInt128 = 0
    var count = 0
    var gap = -1
    var mac: UInt64 = 0
    var isMAC = true
    var macEnd = 0
    var best = 0
    var bestValue: UInt128 = 0
    var index = start

    func compose() -> UInt128 {
      guard gap >= 0, count < 8 else { return groups }
      let tail = UInt128(16 * (count - gap))
      let low = tail == 0 ? 0 : groups & ((UInt128(1) << tail) - 1)
      let high = tail == 128 ? 0 : groups >> tail
      return high << UInt128(16 * (8 - gap)) | low
    }

    if index + 1 < end, bytes[index] == 0x3A {
      guard bytes[index + 1] == 0x3A else { return nil }
      gap = 0
      index += 2
      best = index
      isMAC = false
    }
    while index < end, count < 8 {
      let first = index
      var value: UInt64 = 0
      while index < end, index - first < 4, let digit = Self.hexValue(bytes[index]) {
        value = value << 4 | UInt64(digit)
        index += 1
      }
      guard index > first else { break }
      if gap >= 0, count <= 6, index < end, bytes[index] == 0x2E, let tail = dottedTail(first) {
        groups = groups << 32 | UInt128(tail.value)
        count += 2
        best = tail.end
        bestValue = compose()
        break
      }
      if index - first > 2 || gap >= 0 { isMAC = false }
      groups = groups << 16 | UInt128(value)
      mac = mac << 8 | value & 255
      count += 1
      if isMAC, count == 6 { macEnd = index }
      if count == 8 && gap < 0 || gap >= 0 && count <= 7 {
        best = index
        bestValue = compose()
      }
      guard index < end, bytes[index] == 0x3A else { break }
      if index + 1 < end, bytes[index + 1] == 0x3A {
        guard gap < 0, count <= 7 else { break }
        gap = count
        index += 2
        best = index
        bestValue = compose()
      } else {
        index += 1
      }
    }
    guard max(best, macEnd) > minimum else { return nil }
    let isAddress = best > macEnd
    wide = bestValue
    position = max(best, macEnd)
    return Token(
      kind: isAddress ? .address6 : .mac, keyword: .none, start: UInt32(truncatingIfNeeded: start),
      end: UInt32(truncatingIfNeeded: position), number: isAddress ? 0 : macValue(start, macEnd))
  }

  private func macValue(_ start: Int, _ end: Int) -> UInt64 {
    var value: UInt64 = 0
    var group: UInt64 = 0
    for index in start..<end {
      if let digit = Self.hexValue(bytes[index]) {
        group = group << 4 | UInt64(digit)
      } else {
        value = value << 8 | group
        group = 0
      }
    }
    return value << 8 | group
  }

  /// The dotted quads that may end an IPv6 address.
  private func dottedTail(_ start: Int) -> (value: UInt32, end: Int)? {
    var copy = self
    guard let token = copy.address4(start), !token.isMalformed else { return nil }
    return (UInt32(truncatingIfNeeded: token.number), Int(token.end))
  }

  /// An IPv6 address in brackets, as written before a port.
  mutating func bracketedAddress(_ start: Int) -> Token? {
    let saved = position
    guard var token = address(start + 1, longerThan: start + 2), token.kind == .address6, position < end,
      bytes[position] == 0x5D
    else {
      position = saved
      return nil
    }
    position += 1
    token.start = UInt32(truncatingIfNeeded: start)
    token.end = UInt32(truncatingIfNeeded: position)
    return token
  }
}
