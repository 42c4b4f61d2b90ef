internal import CYAML

/// libyaml's event parser over a buffer of bytes; frees all that it holds when it goes.
///
/// The only code of fwlint that touches libyaml.
struct EventReader: ~Copyable {
  /// One event, its positions as indices of characters.
  struct Event {
    var content: Content
    var start: Int
    var end: Int
  }

  /// What an event says.
  ///
  /// Bytes are valid only inside the closure that gets the event.
  enum Content {
    case streamEnd
    case documentStart
    case documentEnd
    case alias(UnsafeBufferPointer<UInt8>)
    case scalar(
      UnsafeBufferPointer<UInt8>, style: Style, anchor: UnsafeBufferPointer<UInt8>?, tag: UnsafeBufferPointer<UInt8>?)
    case sequenceStart(isFlow: Bool, anchor: UnsafeBufferPointer<UInt8>?, tag: UnsafeBufferPointer<UInt8>?)
    case mappingStart(isFlow: Bool, anchor: UnsafeBufferPointer<UInt8>?, tag: UnsafeBufferPointer<UInt8>?)
    case collectionEnd
    case other
  }

  /// How a scalar is written.
  enum Style {
    case plain
    case quoted
    case block
  }

  /// Why the text is no YAML.
  struct Failure {
    /// What libyaml says, in its words.
    var problem: String
    /// What it was doing, or nothing.
    var context: String
    /// Index of the character where it stopped; nil when `byteOffset` is known instead.
    var character: Int
    /// Offset in the buffer of bytes that are not valid characters.
    var byteOffset: Int?
  }

  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private let isReady: Bool

  /// Takes a buffer that must stay where it is for as long as the reader is used.
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    parser = .allocate(capacity: 1)
    parser.initialize(to: yaml_parser_t())
    isReady = yaml_parser_initialize(parser) == 1
    guard isReady else { return }
    yaml_parser_set_input_string(parser, bytes.baseAddress, bytes.count)
    yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
  }

  deinit {
    if isReady { yaml_parser_delete(parser) }
    parser.deallocate()
  }

  /// Reads one event and hands it to a closure; returns a failure when there is none.
  func next(_ body: (Event) -> Void) -> Failure? {
    guard isReady else { return Failure(problem: "out of memory", context: "", character: 0) }
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { return failure }
    defer { yaml_event_delete(&event) }
    body(Event(content: content(event), start: event.start_mark.index, end: event.end_mark.index))
    return nil
  }

  private func content(_ event: yaml_event_t) -> Content {
    switch event.type {
    case YAML_STREAM_END_EVENT: return .streamEnd
    case YAML_DOCUMENT_START_EVENT: return .documentStart
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_ALIAS_EVENT:
      return .alias(terminated(event.data.alias.anchor) ?? UnsafeBufferPointer(start: nil, count: 0))
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let style: Style =
        switch scalar.style {
        case YAML_PLAIN_SCALAR_STYLE: .plain
        case YAML_LITERAL_SCALAR_STYLE, YAML_FOLDED_SCALAR_STYLE: .block
        default: .quoted
        }
      return .scalar(
        UnsafeBufferPointer(start: scalar.value, count: scalar.length), style: style,
        anchor: terminated(scalar.anchor), tag: terminated(scalar.tag))
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      return .sequenceStart(
        isFlow: start.style == YAML_FLOW_SEQUENCE_STYLE, anchor: terminated(start.anchor), tag: terminated(start.tag))
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      return .mappingStart(
        isFlow: start.style == YAML_FLOW_MAPPING_STYLE, anchor: terminated(start.anchor), tag: terminated(start.tag))
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .collectionEnd
    default: return .other
    }
  }

  private func terminated(_ text: UnsafeMutablePointer<UInt8>?) -> UnsafeBufferPointer<UInt8>? {
    guard let text else { return nil }
    var count = 0
    while text[count] != 0 { count += 1 }
    return UnsafeBufferPointer(start: text, count: count)
  }

  private var failure: Failure {
    let isReader = parser.pointee.error == YAML_READER_ERROR
    return Failure(
      problem: parser.pointee.problem.map { String(cString: $0) } ?? "not readable",
      context: parser.pointee.context.map { String(cString: $0) } ?? "",
      character: parser.pointee.problem_mark.index,
      byteOffset: isReader ? parser.pointee.problem_offset : nil)
  }
}
