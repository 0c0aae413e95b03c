import Testing

@testable import Web

@Suite struct WithoutCommentsTests {
  @Test func `comments on lines of their own are sent empty, and every line keeps its number`() {
    let source = """
      /** Says
       * what it is. */
      export const a = 1; // beside
        // why
      /* short */
      const url = "https://x/*";
      /* before */ const b = 2;
      """
    #expect(
      WithoutComments.text(source) == """


        export const a = 1; // beside


        const url = "https://x/*";
        /* before */ const b = 2;
        """)
  }

  @Test func `lines begin where their code does, but for texts over several lines`() {
    let source = """
      if (a) {
          say(`one ${b ? `in` : ""}
          // two
            three`);
        go();
      }
      """
    #expect(
      WithoutComments.text(source) == """
        if (a) {
        say(`one ${b ? `in` : ""}
            // two
              three`);
        go();
        }
        """)
  }
}
