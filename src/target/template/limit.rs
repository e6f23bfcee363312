//! What is refused before the engine sees a template.
//!
//! Every place is looked at where the engine may begin an expression, those inside of text and comments included:
//! that may refuse too much, and never too little.

use super::{EXPRESSION_LIMIT, TEMPLATE_LIMIT, TemplateError};

/// Most brackets inside each other, and most statements: the engine needs several kilobytes of stack for each.
const NESTING_LIMIT: usize = 32;

/// Statements that cannot give a name to a value. With names, a few lines build a value that shares its parts and
/// takes years to compare, which fuel does not see.
const STATEMENTS: &[&str] = &["if", "elif", "else", "endif", "endfor", "raw", "endraw"];

/// Refuses what the engine cannot take without exhausting stack or time.
pub(super) fn check(template: &str) -> Result<(), TemplateError> {
    if template.len() > TEMPLATE_LIMIT {
        return Err(TemplateError::limit(
            "the template is larger than 16 KiB".to_owned(),
        ));
    }
    let mut open = Vec::new();
    for (start, pair) in template.as_bytes().windows(2).enumerate() {
        let inside = &template.as_bytes()[start + 2..];
        let problem = match pair {
            b"{{" => expression(inside, b"}}").err(),
            b"{%" => statement(inside)
                .and_then(|keyword| nest(keyword, &mut open))
                .and_then(|()| expression(inside, b"%}"))
                .err(),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(TemplateError {
                line: Some(template[..start].matches('\n').count() + 1),
                ..TemplateError::limit(problem)
            });
        }
    }
    Ok(())
}

/// Follows which statements are open. A branch counts as one inside its `if`, since the engine reads it so.
fn nest(keyword: &str, open: &mut Vec<usize>) -> Result<(), String> {
    match keyword {
        "if" | "for" => open.push(1),
        "elif" => {
            if let Some(last) = open.last_mut() {
                *last += 1;
            }
        }
        "endif" | "endfor" => {
            open.pop();
        }
        _ => {}
    }
    if open.iter().sum::<usize>() > NESTING_LIMIT {
        return Err(format!(
            "more than {NESTING_LIMIT} statements in statements"
        ));
    }
    Ok(())
}

/// Walks the expression at the start of `text` as the engine does, which finds its end outside of strings and brackets.
fn expression(text: &[u8], end: &[u8]) -> Result<(), String> {
    let mut quote = None;
    let mut escaped = false;
    let mut depth = 0_usize;
    for (index, &byte) in text.iter().enumerate().take(EXPRESSION_LIMIT + 1) {
        match (quote, byte) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), _) if byte == open => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, _) if depth == 0 && text[index..].starts_with(end) => return Ok(()),
            (None, b'(' | b'[' | b'{') if depth == NESTING_LIMIT => {
                return Err(format!("more than {NESTING_LIMIT} brackets in brackets"));
            }
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            (Some(_) | None, _) => {}
        }
    }
    if text.len() > EXPRESSION_LIMIT {
        return Err("an expression is longer than 1 KiB".to_owned());
    }
    Ok(())
}

/// The statement at the start of `text`: one of [`STATEMENTS`], or a loop over something that has a name already.
fn statement(text: &[u8]) -> Result<&'static str, String> {
    let end = text
        .windows(2)
        .position(|pair| pair == b"%}")
        .unwrap_or(text.len());
    let inside = String::from_utf8_lossy(&text[..end]);
    let mut words = inside
        .trim_start_matches(['-', '+'])
        .trim_end_matches(['-', '+'])
        .split_whitespace();
    let first = words.next().unwrap_or_default();
    let keyword: &str = first
        .split(|part: char| !part.is_ascii_alphanumeric() && part != '_')
        .next()
        .unwrap_or_default();
    if let Some(known) = STATEMENTS.iter().find(|known| **known == keyword) {
        return Ok(known);
    }
    let loop_over_a_name = first == "for"
        && words.next().is_some_and(is_path)
        && words.next() == Some("in")
        && words.next().is_some_and(is_path)
        && words.next().is_none();
    if loop_over_a_name {
        return Ok("for");
    }
    Err("only if, for … in <name> and raw can be used as statements".to_owned())
}

fn is_path(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte))
}
