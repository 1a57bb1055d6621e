//! Looking for secrets, in whatever spelling they would leave.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

/// So many characters of a secret are a leak: a text that is cut off has the beginning of one.
const PART: usize = 10;

/// What must be nowhere but in its own place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Secret {
    pub name: &'static str,
    pub text: &'static str,
}

/// Where a secret was found.
#[derive(Debug, PartialEq)]
pub struct Leak {
    pub secret: &'static str,
    pub place: String,
    pub spelling: &'static str,
}

/// Everything that was collected, by the place that it is from.
#[derive(Default)]
pub struct Haystack(Vec<(String, Vec<u8>)>);

impl Haystack {
    pub fn add(&mut self, place: impl Into<String>, bytes: impl AsRef<[u8]>) {
        self.0.push((place.into(), bytes.as_ref().to_vec()));
    }

    /// Every file below a folder, as it is now.
    pub fn add_files(&mut self, when: &str, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.add_files(when, &path);
            } else if let Ok(bytes) = fs::read(&path) {
                // One that is as it was has been added.
                let place = format!("{} ", path.display());
                let last = self.0.iter().rev().find(|(before, _)| before.starts_with(&place));
                if last.is_none_or(|(_, before)| *before != bytes) {
                    self.add(place + when, bytes);
                }
            }
        }
    }

    pub fn has(&self, part: &str) -> bool {
        self.0.iter().any(|(place, _)| place.contains(part))
    }

    /// Every place that has one of these.
    pub fn leaks(&self, secrets: &[Secret]) -> Vec<Leak> {
        let needles = Needles::of(secrets);
        let looked = |(place, bytes): &(String, Vec<u8>)| {
            let found: BTreeSet<_> = views(bytes).iter().flat_map(|view| needles.within(view)).collect();
            found
                .into_iter()
                .map(|(secret, spelling)| Leak { secret, place: place.clone(), spelling })
                .collect::<Vec<_>>()
        };
        self.0.iter().flat_map(looked).collect()
    }
}

/// The same bytes as they are, in lower case, without line ends and blanks, and without the signs of an escape.
fn views(bytes: &[u8]) -> [Vec<u8>; 4] {
    let plain = bytes.to_vec();
    let lower = bytes.to_ascii_lowercase();
    let joined: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let unescaped = joined.iter().copied().filter(|byte| *byte != b'\\').collect();
    [plain, lower, joined, unescaped]
}

/// All that is looked for, by the two bytes that it begins with: megabytes are searched.
struct Needles {
    by_beginning: Vec<Vec<Needle>>,
}

struct Needle {
    text: Vec<u8>,
    secret: &'static str,
    spelling: &'static str,
}

impl Needles {
    fn of(secrets: &[Secret]) -> Self {
        let mut by_beginning: Vec<Vec<Needle>> = (0..1 << 16).map(|_| Vec::new()).collect();
        for secret in secrets {
            for (spelling, text) in
                spellings(secret.text).into_iter().flat_map(|(name, all)| all.into_iter().map(move |one| (name, one)))
            {
                let text = text.into_bytes();
                by_beginning[beginning(text[0], text[1])].push(Needle { text, secret: secret.name, spelling });
            }
        }
        Needles { by_beginning }
    }

    fn within(&self, view: &[u8]) -> BTreeSet<(&'static str, &'static str)> {
        let mut found = BTreeSet::new();
        for (at, two) in view.windows(2).enumerate() {
            for needle in &self.by_beginning[beginning(two[0], two[1])] {
                if view[at..].starts_with(&needle.text) {
                    found.insert((needle.secret, needle.spelling));
                }
            }
        }
        found
    }
}

fn beginning(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// What to look for. Of each spelling its parts, where a part is long enough to be no chance.
fn spellings(text: &str) -> Vec<(&'static str, Vec<String>)> {
    let parts = |text: &str| -> Vec<String> {
        let chars: Vec<char> = text.chars().collect();
        chars.windows(PART.min(chars.len())).map(|part| part.iter().collect()).collect()
    };
    let bare: String = text.chars().filter(|char| *char != '\\').collect();
    let backwards: String = text.chars().rev().collect();
    vec![
        ("plain", [parts(text), parts(&bare), parts(&text.to_lowercase())].concat()),
        ("JSON", vec![inner(&serde_json::to_string(text).unwrap())]),
        ("JSON in JSON", vec![inner(&serde_json::to_string(&serde_json::to_string(text).unwrap()).unwrap())]),
        ("Debug", vec![inner(&format!("{text:?}"))]),
        (
            "list of bytes",
            vec![
                inner(&format!("{:?}", text.as_bytes())),
                text.as_bytes().iter().fold(String::new(), |mut list, byte| {
                    write!(list, "{byte},").unwrap();
                    list
                }),
            ],
        ),
        ("percent", percent(text)),
        (
            "hex",
            [parts(&hex(text, false)), parts(&hex(text, true))]
                .concat()
                .into_iter()
                .filter(|part| part.len() >= PART)
                .collect(),
        ),
        ("base64", base64_anywhere(text)),
        ("UTF-16", vec![text.chars().flat_map(|char| [char, '\0']).collect()]),
        ("backwards", parts(&backwards)),
    ]
}

/// Without the two signs around it.
fn inner(quoted: &str) -> String {
    quoted[1..quoted.len() - 1].to_owned()
}

fn percent(text: &str) -> Vec<String> {
    let escape = |every: bool, upper: bool| {
        text.bytes().fold(String::new(), |mut out, byte| {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' if !every => out.push(byte.into()),
                _ if upper => write!(out, "%{byte:02X}").unwrap(),
                _ => write!(out, "%{byte:02x}").unwrap(),
            }
            out
        })
    };
    [(false, true), (false, false), (true, true), (true, false)].map(|(every, upper)| escape(every, upper)).into()
}

fn hex(text: &str, upper: bool) -> String {
    let digits = text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
    if upper { digits.to_uppercase() } else { digits }
}

/// In base64, what stands before a text moves its bits: three spellings, of each what does not depend on its neighbours.
/// And the same in the alphabet for URLs.
fn base64_anywhere(text: &str) -> Vec<String> {
    let shifted = (0..3).map(|before| {
        let whole = base64(&[&vec![0; before], text.as_bytes()].concat());
        let (from, to) = ((before * 8).div_ceil(6), (before + text.len()) * 8 / 6);
        whole[from..to].to_owned()
    });
    shifted.flat_map(|text| [text.replace('+', "-").replace('/', "_"), text]).collect()
}

/// Without padding.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bit = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    let digit = |at: usize| (0..6).fold(0, |digit, offset| digit << 1 | usize::from(bit(at * 6 + offset)));
    (0..(bytes.len() * 8).div_ceil(6)).map(|at| char::from(DIGITS[digit(at)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: Secret = Secret { name: "password", text: r#"Zebra"9/+\Quokka~7"# };

    fn spelling_of(text: &str) -> Vec<&'static str> {
        let mut haystack = Haystack::default();
        haystack.add("here", text);
        haystack.leaks(&[SECRET]).into_iter().map(|leak| leak.spelling).collect()
    }

    #[test]
    fn a_secret_is_found_in_every_spelling() {
        let text = SECRET.text;
        let json = serde_json::json!({ "a": text }).to_string();
        for (planted, spelling) in [
            (format!("cause={text}."), "plain"),
            (format!("the beginning: {}…", &text[..12]), "plain"),
            (text.to_uppercase(), "plain"),
            (format!("{}\r\n  {}", &text[..7], &text[7..]), "plain"),
            (json.clone(), "JSON"),
            (serde_json::json!([json]).to_string(), "plain"),
            (format!("{text:?}"), "Debug"),
            (format!("{:?}", text.as_bytes()), "list of bytes"),
            (percent(text)[1].clone(), "percent"),
            (percent(text)[2].clone(), "percent"),
            (hex(text, true), "hex"),
            (base64(format!("Api-Key {text}").as_bytes()), "base64"),
            (base64(format!("user:{text}:x").as_bytes()).replace('+', "-").replace('/', "_"), "base64"),
            (
                base64(text.as_bytes())
                    .as_bytes()
                    .chunks(10)
                    .map(|line| String::from_utf8_lossy(line) + "\n")
                    .collect(),
                "base64",
            ),
            (text.chars().rev().collect(), "backwards"),
        ] {
            assert!(spelling_of(&planted).contains(&spelling), "{spelling}: {:?} in {planted}", spelling_of(&planted));
        }
    }

    #[test]
    fn what_is_no_secret_is_not_found() {
        assert_eq!(spelling_of("Zebra 9, and a Quokka; eyJhIjoiYiJ9 %22 5a65"), [""; 0]);
    }

    #[test]
    fn base64_is_that_of_its_standard() {
        // RFC 4648, section 10.
        assert_eq!(["f", "fo", "foo", "foobar"].map(|text| base64(text.as_bytes())), ["Zg", "Zm8", "Zm9v", "Zm9vYmFy"]);
    }
}
