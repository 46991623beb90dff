//! What does not compile, and what rustc says of it: an author meets these texts.

#[test]
fn rustc_says_what_an_author_forgot() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
