import RuleGraph
import SourceText

/// A run of bytes in one of the files.
struct TextSpan: Sendable {
  var file: UInt16
  var start: UInt32
  var end: UInt32

  /// Nowhere.
  static let none = TextSpan(file: 0, start: 0, end: 0)

  /// The bytes.
  var range: SourceRange { SourceRange(start, end) }
}

/// A rule that is still text.
struct RuleText: Sendable {
  var start: UInt32
  var end: UInt32
  /// What variables mean here: an index into `Ruleset.environments`.
  var environment: UInt32
  var file: UInt16
  /// Whether its place in the chain is not known, because a handle names it.
  var isPlaced = true
  /// The first brace that is never closed; nil when all are.
  var openBrace: UInt32?
}

/// Elements that are still text, and what happens with them.
struct ElementText: Sendable {
  /// The braces and what is in them, or a variable.
  var span: TextSpan
  var environment: UInt32
  var isDeletion: Bool
}

/// A chain of the model.
struct ChainModel: Sendable {
  var name: String
  var span: TextSpan
  var base: BaseChain?
  /// Names of an ingress or egress chain's devices.
  var devices: [String] = []
  var rules: [RuleText] = []
  /// The policy, which may be written before or without a hook.
  var pendingPolicy: (kind: Verdict.Kind, span: TextSpan)?
  /// Whether the hook was not understood, which has been reported.
  var hasFaultyHook = false
  var isDeleted = false
}

/// A named set or map of the model.
struct SetModel: Sendable {
  var name: String
  var span: TextSpan
  var isMap: Bool
  /// The words behind `type` or `typeof`.
  var key: TextSpan?
  var keyEnvironment: UInt32 = 0
  var isTypeof = false
  var isInterval = false
  var isConstant = false
  var isDynamic = false
  var hasTimeout = false
  var mergesOverlaps = false
  var elements: [ElementText] = []
  var isDeleted = false
}

/// A table of the model.
struct TableModel: Sendable {
  var family: TableFamily
  var name: String
  var span: TextSpan
  var isDormant = false
  var isDeleted = false
  var chains: [ChainModel] = []
  var chainIndex: [String: Int] = [:]
  var sets: [SetModel] = []
  var setIndex: [String: Int] = [:]
  /// Counters, quotas, limits and the like by `kind name`.
  var objects: Set<String> = []
  /// Sets that rules add to or delete from.
  var updatedSets: Set<String> = []
}

/// The value of a variable between its definition and its end.
struct Binding: Sendable {
  var value: TextSpan
  /// What variables mean in the value.
  var environment: UInt32
  /// Counts definitions; the binding holds from here on.
  var order: UInt32
  /// The definition that ends it.
  var endOrder: UInt32 = .max
  /// Whether the value was not understood, which has been reported where it is written.
  var isFaulty = false
}

/// A scope at some moment.
struct Environment: Sendable, Hashable {
  var scope: UInt32
  var order: UInt32
}

/// The rule set that the commands of all files leave, with rules and elements as text.
struct Ruleset: Sendable {
  var sources: [SourceFile]
  var tables: [TableModel] = []
  var tableIndex: [String: Int] = [:]
  var diagnostics: [Diagnostic] = []
  var environments: [Environment] = [Environment(scope: 0, order: 0)]
  /// Outer scope of each scope.
  var scopes: [Int] = [-1]
  /// Bindings by scope, then name.
  var bindings: [[String: [Binding]]] = [[:]]

  /// What a variable means in an environment.
  func binding(_ name: String, in environment: UInt32) -> Binding? {
    let environment = environments[Int(environment)]
    var scope = Int(environment.scope)
    while scope >= 0 {
      if let candidates = bindings[scope][name],
        let found = candidates.last(where: { $0.order <= environment.order && environment.order < $0.endOrder })
      {
        return found
      }
      scope = scopes[scope]
    }
    return nil
  }

  /// All names that an environment knows, for suggestions.
  func names(in environment: UInt32) -> [String] {
    var names: [String] = []
    var scope = Int(environments[Int(environment)].scope)
    while scope >= 0 {
      names += bindings[scope].keys
      scope = scopes[scope]
    }
    return names.sorted()
  }
}

/// What is said of line ends between braces where nft takes none.
enum LineEndFault {
  static let emptyLine = "an empty line cannot stand between braces"
  static let withinElement = "a line end cannot stand within an element"
}

/// A place where the text does not follow the grammar or means nothing.
struct SyntaxFault: Error {
  var message: String
  var span: TextSpan
}
