//! Documents that are made from the code, so that they cannot fall behind it.

use std::{env, fs, path::Path};

/// Checks that a document of the repository has this text between `<!-- {name}: …` and `<!-- end of {name} -->`. With
/// `UPDATE_DOCS=1` it is written there.
pub(crate) fn assert_documented(document: &str, name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(document);
    let all = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{document}: {error}"));
    let (before, rest) = all.split_once(&format!("<!-- {name}: ")).expect("the document has the place");
    let (hint, rest) = rest.split_once("-->\n").expect("the comment ends");
    let (there, after) = rest.split_once(&format!("<!-- end of {name} -->")).expect("the place has an end");
    if env::var_os("UPDATE_DOCS").is_some() {
        let all = format!("{before}<!-- {name}: {hint}-->\n{text}<!-- end of {name} -->{after}");
        return fs::write(path, all).expect("the document can be written");
    }
    assert_eq!(there, text, "{document} is not what the code says: run the test with UPDATE_DOCS=1");
}
