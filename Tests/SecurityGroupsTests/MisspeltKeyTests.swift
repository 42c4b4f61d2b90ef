import SecurityGroups
import SourceText
import Testing

/// Keys that are nearly ones that matter: what they say must not be lost in silence.
struct MisspeltKeyTests {
  @Test(arguments: [
    (
      "- {name: a, direction: INGRESS, sourceRange: [10.0.0.0/8], allowed: [{IPProtocol: tcp, ports: ['22']}], network: n}\n",
      "there is no key 'sourceRange' here (did you mean 'sourceRanges'?)"
    ),
    (
      "- {name: a, direction: INGRESS, sourceRanges: [10.0.0.0/8], allowed: [{IPProtocol: tcp, port: ['22']}], network: n}\n",
      "there is no key 'port' here (did you mean 'ports'?)"
    ),
    (
      "- {id: r, direction: ingress, ethertype: IPv4, protocol: tcp, port_range_min: 22, port_range_max: 22, "
        + "remote_ip_prefx: 10.0.0.0/8, security_group_id: g}\n",
      "there is no key 'remote_ip_prefx' here (did you mean 'remote_ip_prefix'?)"
    ),
    (
      "Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: d\n"
        + "      SecurityGroupIngres: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}]\n",
      "there is no key 'SecurityGroupIngres' here (did you mean 'SecurityGroupIngress'?)"
    ),
    (
      "Resources:\n  G:\n    Type: AWS::EC2::SecurityGroup\n    Properties:\n      GroupDescription: d\n"
        + "      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPrt: 22, CidrIp: 0.0.0.0/0}]\n",
      "there is no key 'ToPrt' here (did you mean 'ToPort'?)"
    ),
  ])
  func isReported(text: String, message: String) {
    let (graph, diagnostics) = SecurityGroupFrontend.parse(SourceFile(path: "export.yaml", text: text))
    #expect(diagnostics.contains { $0.severity == .error && $0.message == message }, "\(diagnostics)")
    #expect((graph?.counts.unparsed ?? 0) > 0)
  }

  @Test func newKeysArePassedOver() {
    let text =
      "- {name: a, direction: INGRESS, sourceRanges: [10.0.0.0/8], allowed: [{IPProtocol: tcp, ports: ['22']}], "
      + "network: n, quantumReadiness: high}\n"
    let (graph, diagnostics) = SecurityGroupFrontend.parse(SourceFile(path: "export.yaml", text: text))
    #expect(!diagnostics.contains { $0.severity == .error } && graph?.counts.unparsed == 0)
  }
}
