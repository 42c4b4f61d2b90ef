import ConformanceSupport
import Testing

/// Closures of real rule sets that a verified program computed: no kernel is needed for these.
@Suite struct ClosureTests {
  /// The smaller ones; all of them with `conformance --closures`.
  @Test func noContradictionWithVerifiedClosures() {
    let proofs = ClosureProof.all(corpora: KernelTests.corpora)
    guard !proofs.isEmpty else { return print("verified closures: no corpora, skipped") }
    for proof in proofs where proof.size < 300 {
      let packet = proof.contradiction()
      #expect(packet == nil, "\(proof): \(packet?.summary ?? "")")
    }
  }
}
