//! Links of the guide: between its pages, and out of it.

use std::collections::BTreeMap;

use crate::pages::{file, pages};

/// The definitions at the end of a page: name, target.
fn definitions(text: &str) -> BTreeMap<&str, &str> {
    text.lines().filter_map(|line| line.strip_prefix('[')?.split_once("]: ")).collect()
}

/// The names in `[words][name]`, outside of code.
fn used(text: &str) -> Vec<&str> {
    let prose = text.split("```").step_by(2).flat_map(|part| part.split('`').step_by(2));
    prose.flat_map(|part| part.split("][").skip(1)).filter_map(|rest| Some(rest.split_once(']')?.0)).collect()
}

/// The anchor of a heading.
fn anchors(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2).flat_map(str::lines);
    let headings = prose.filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let plain = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    headings.map(|heading| heading.to_lowercase().chars().filter(plain).collect::<String>().replace(' ', "-")).collect()
}

#[test]
fn every_link_leads_to_a_page() {
    for (page, text) in pages() {
        let (definitions, used) = (definitions(&text), used(&text));
        for name in &used {
            assert!(definitions.contains_key(name), "{}: [{name}] leads nowhere", page.display());
        }
        for (name, target) in definitions {
            assert!(page.with_file_name("").join(target).is_file(), "{}: {target} is no file", page.display());
            assert!(used.contains(&name), "{}: nobody follows [{name}]", page.display());
        }
        for target in text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0)) {
            let anchor = target.strip_prefix('#').unwrap_or_else(|| panic!("{}: {target} by name", page.display()));
            assert!(anchors(&text).iter().any(|known| known == anchor), "{}: #{anchor}", page.display());
        }
    }
}

/// On a forge a link is a path, in rustdoc a module: see `src/guide.rs`.
#[test]
fn every_page_is_a_module_of_the_documentation() {
    let (modules, links) = (file("src/guide.rs"), file("src/docs/guide_links.md"));
    let links = definitions(&links);
    for (page, _) in pages().into_iter().filter(|(page, _)| !page.ends_with("README.md")) {
        let name = page.file_stem().unwrap().to_str().unwrap();
        let module = format!("pub mod {} {{}}", name.replace('-', "_"));
        assert!(modules.contains(&format!("guide/{name}.md")) && modules.contains(&module), "{name}");
        assert!(links.contains_key(name), "{name}");
    }
    let contents = file("docs/guide/README.md");
    for (name, _) in links {
        assert!(used(&contents).contains(&name), "the contents do not name {name}");
    }
}
