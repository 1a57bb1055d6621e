//! The fenced blocks of a Markdown page.

/// One fenced block.
pub(crate) struct Block<'a> {
    /// What stands after the fence: `sh`, `json`, …
    pub(crate) language: &'a str,
    pub(crate) text: &'a str,
    /// Where it begins, for messages.
    pub(crate) line: usize,
}

pub(crate) fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let (mut open, mut offset) = (None, 0);
    for (index, line) in page.split_inclusive('\n').enumerate() {
        if let Some(rest) = line.strip_prefix("```") {
            open = match open {
                None => Some((rest.trim(), offset + line.len(), index + 1)),
                Some((language, start, line)) => {
                    blocks.push(Block { language, text: &page[start..offset], line });
                    None
                }
            };
        }
        offset += line.len();
    }
    assert!(open.is_none(), "the last block has no end");
    blocks
}

/// The block of each file: its name stands in a comment in the first line.
pub(crate) fn files<'a>(blocks: &'a [Block<'a>]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let files = blocks.iter().filter(|block| block.language == "toml");
    files.map(|block| {
        let name = block.text.lines().next().and_then(|line| line.strip_prefix("# "));
        (name.unwrap_or_else(|| panic!("line {}: the first line does not name the file", block.line)), block.text)
    })
}
