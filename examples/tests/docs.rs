//! The pages under docs speak of what exists: files, tests, constants, links.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test's helpers may panic too")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What stands between backticks on a line.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The text of the module `a::b` of core, or `crate/a::b` of another crate, which is a file or a directory.
fn module(path: &str) -> String {
    let (folder, path) = path.split_once('/').unwrap_or(("core", path));
    let file = root().join(format!("crates/{folder}/src")).join(path.replace("::", "/"));
    let plain = file.with_extension("rs");
    read(&if plain.exists() { plain } else { file.join("mod.rs") })
}

/// Each row of standards.md names tests (a file, then functions in it) and constants of core (`module::NAME`) or of another crate (`crate/module::NAME`).
#[test]
fn standards_name_what_exists() {
    let page = read(&root().join("docs/standards.md"));
    let rows: Vec<_> =
        page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| clause") && !line.starts_with("| asks")).collect();
    assert!(rows.len() > 15, "the table is not found");
    for row in rows {
        let (mut tests, mut file) = (0, String::new());
        for text in quoted(row) {
            if text.ends_with(".rs") {
                let path = if text.contains('/') { text.into() } else { format!("crates/core/tests/{text}") };
                file = read(&root().join(path));
                tests += 1;
            } else if let Some((path, name)) = text.rsplit_once("::") {
                let source = module(path);
                let kinds = ["const ", "fn ", "struct ", "enum "];
                let there = |kind: &str| [':', '(', ' ', '<', '{'].iter().any(|end| source.contains(&format!("{kind}{name}{end}")));
                assert!(kinds.into_iter().any(there), "{text} is not there: {row}");
            } else if is_name(text) && !file.is_empty() {
                assert!(file.contains(&format!("fn {text}(")), "no test `{text}`: {row}");
            }
        }
        assert!(tests > 0, "no test: {row}");
        assert!(row.split('|').all(|cell| cell.trim() != "-"), "an empty cell: {row}");
    }
}

/// Every path that testing.md and CONTRIBUTING.md quote, and every link of every page, leads somewhere.
#[test]
fn paths_and_links_lead_somewhere() {
    let mut pages: Vec<_> = fs::read_dir(root().join("docs")).unwrap().map(|page| page.unwrap().path()).collect();
    pages.push(root().join("README.md"));
    pages.push(root().join("examples/data/README.md"));
    let mut count = 0;
    for page in pages.iter().filter(|page| page.extension().is_some_and(|extension| extension == "md")) {
        let text = read(page);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let link = link.split('#').next().unwrap_or_default();
            if !link.is_empty() && !link.contains("://") {
                assert!(page.with_file_name(link).exists(), "{}: {link}", page.display());
                count += 1;
            }
        }
        for path in text.lines().flat_map(quoted).filter(|text| text.starts_with("crates/") || text.starts_with("examples/")) {
            let path = path.split(' ').next().unwrap_or_default();
            let there = root().join(path).exists()
                || path.starts_with("examples/data/") && page.parent().is_some_and(|folder| folder.join(path).exists());
            assert!(there, "{}: {path}", page.display());
            count += 1;
        }
    }
    assert!(count > 30, "{count} paths: the pages are not read");
}

/// Every dependency has its line in CONTRIBUTING.md, and every line its dependency.
#[test]
fn each_dependency_has_its_line() {
    let table = |manifest: &str, section: &str| -> Vec<String> {
        let text = read(&root().join(manifest));
        let lines = text.lines().skip_while(|line| *line != section).skip(1).take_while(|line| !line.starts_with('['));
        // Under its own name, if it was given another here.
        let own = |line: &str| line.split_once("package = \"").and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()));
        let name = |line: &str| own(line).or_else(|| Some(line.split_once('=')?.0.trim().to_owned()));
        lines.filter_map(name).filter(|name| !name.starts_with("cardhush")).collect()
    };
    let used = [
        table("Cargo.toml", "[workspace.dependencies]"),
        table("fuzz/Cargo.toml", "[dependencies]"),
        table("crates/gst/Cargo.toml", "[dependencies]"),
        table("crates/gst/Cargo.toml", "[dev-dependencies]"),
        table("examples/s3-rig/Cargo.toml", "[dependencies]"),
        table("examples/s3-rig/Cargo.toml", "[dev-dependencies]"),
        table("crates/python/Cargo.toml", "[dependencies]"),
    ]
    .concat();
    let page = read(&root().join("docs/CONTRIBUTING.md"));
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let told: Vec<&str> = rows.iter().filter_map(|row| row.split('|').nth(1)).flat_map(quoted).collect();
    for name in &used {
        assert!(told.contains(&name.as_str()), "{name} has no line");
    }
    for name in told {
        assert!(used.iter().any(|used| used == name), "{name} is not used");
    }
    assert!(used.len() > 10);
}
