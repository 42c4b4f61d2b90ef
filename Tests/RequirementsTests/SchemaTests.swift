import Requirements
import SourceText
import Testing
import YAMLDocument

@Suite("The published schemas")
struct SchemaTests {
  private func validator(_ name: String) throws -> SchemaValidator {
    let (documents, diagnostics) = YAMLDocument.parse(try read("\(Folder.policies)/\(name)"))
    #expect(diagnostics.isEmpty)
    return SchemaValidator(schema: try #require(documents.first))
  }

  private func document(_ path: String) throws -> YAMLNode {
    try #require(YAMLDocument.parse(try read(path)).documents.first)
  }

  @Test("accept the policies")
  func policies() throws {
    let validator = try validator("policy.schema.json")
    #expect(validator.problems(try document("\(Folder.policies)/fortimail-7.6.yaml")) == [])
    for file in Folder.yamlFiles("policies") {
      #expect(validator.problems(try document("\(Folder.fixtures)/\(file)")) == [], "\(file)")
    }
  }

  @Test("accept sites that are right", arguments: Folder.yamlFiles("sites"))
  func sites(file: String) throws {
    #expect(try validator("site.schema.json").problems(try document("\(Folder.fixtures)/\(file)")) == [])
  }

  @Test("refuse mistakes of form", arguments: ["words", "values", "missing", "no-policy", "list"])
  func mistakes(name: String) throws {
    let document = try document("\(Folder.fixtures)/mistakes/\(name).yaml")
    #expect(try validator("site.schema.json").problems(document) != [])
  }

  @Test("know every word of the FortiMail policy")
  func words() throws {
    let validator = try validator("site.schema.json")
    func accepts(_ lines: String) -> Bool {
      let head = "policy: fortimail-7.6\nmode: gateway\nunits: {name: a, addresses: 10.0.0.1}\n"
      let source = SourceFile(path: "site", text: head + lines)
      return YAMLDocument.parse(source).documents.first.map { validator.problems($0) } == []
    }
    for feature in fortimail.features { #expect(accepts("features: [\(feature.name)]"), "\(feature.name)") }
    for role in fortimail.roles {
      #expect(accepts("features: []\npeers: {\(role.name): any}") == (role.defaultMeaning != .units), "\(role.name)")
      #expect(accepts("features: []\npeers: {smtp.\(role.name): any}") == (role.defaultMeaning != .units))
    }
    for setting in fortimail.settings {
      #expect(accepts("features: []\nports: {\(setting.name): 1}"), "\(setting.name)")
    }
    for row in fortimail.allRows { #expect(accepts("features: []\nchoices: {\(row.id): {port: 1}}"), "\(row.id)") }
    #expect(!accepts("features: [smpt]"))
    #expect(!accepts("features: []\nports: {port: 1}"))
  }
}
