//! Rules and handlers give reasons; the words of a dialect stand in that dialect alone (`tests/dialects/words.rs` holds
//! the answers to the same).

use std::path::Path;

use tests::words::{IDEMPOTENCY, NATIVE, OPENID_APPS, SCIM, found};

use crate::workspace::{none, sources};

/// Files whose sentences may have a word, with the reason.
const ALLOWED: [(&str, &str); 4] = [
    // The front door shows all of them.
    ("functions/discovery/src/front.rs", "/v1/"),
    ("functions/discovery/src/front.rs", "/platform/v1/"),
    ("functions/discovery/src/front.rs", "/admin/v1/"),
    // A tenant with more apps than a dialect without pages can answer with is sent to the one that has them.
    ("shared/api/src/walk.rs", "/v1/"),
];

/// Where what callers read may be written, outside of the dialects.
fn speaks(path: &Path) -> bool {
    let text = path.to_str().unwrap();
    let ships = ["shared/domain/src", "shared/api/src", "functions/"];
    let own = ["/dialect/", "/tests"];
    ships.iter().any(|place| text.starts_with(place)) && !own.iter().any(|part| text.contains(part))
}

/// The string literals of a source that have a space in them, which names and pointers have not.
fn sentences(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let quotes = source.replace("'\"'", "' '").replace("\\\"", "'");
    let lines = quotes.lines().map(str::trim);
    let code: Vec<_> = lines.filter(|line| !line.starts_with("//")).collect();
    let code = code.join("\n");
    let literals = code.split('"').skip(1).step_by(2);
    let mut sentences: Vec<_> = literals.map(str::to_owned).collect();
    sentences.retain(|literal| literal.contains(' '));
    sentences
}

#[test]
fn no_rule_and_no_handler_speaks_the_words_of_one_dialect() {
    let words = [NATIVE.own, OPENID_APPS.own, SCIM.own, &IDEMPOTENCY].concat();
    let (mut faults, mut seen) = (Vec::new(), 0);
    for (path, text) in sources().iter().filter(|(path, _)| speaks(path)) {
        for sentence in sentences(text) {
            seen += 1;
            for word in found(&sentence, words.iter().copied()) {
                let allowed = ALLOWED
                    .iter()
                    .any(|(f, w)| Path::new(f) == path && *w == word);
                if !allowed {
                    faults.push(format!("{}: {word} in: {sentence}", path.display()));
                }
            }
        }
    }
    assert!(seen > 200, "{seen}");
    none(&faults);
}

#[test]
fn sentences_are_found_and_comments_tests_and_names_are_not() {
    let source = "// \"a comment\"\nlet a = \"a sentence\"; let b = \"name\"; let c = '\"';\n\
        let d = \"another \\\" one\";\n#[cfg(test)]\nmod tests {\n\"a test\"";
    assert_eq!(sentences(source), ["a sentence", "another ' one"]);
}
