//! Templates of users. They are hostile until proven otherwise: nobody's template may stall or end the operator, and
//! no error may repeat a value.
//!
//! The engine charges every instruction and every byte that a template makes or reads, so memory and time are
//! bounded by [`FUEL`]. Depth is not: parser, compiler and the engine's own `Drop` recurse along an expression, and
//! a chain of some thousand operators ends the process. Hence the limit on the length of one expression.

mod filter;
mod limit;

use std::{io, sync::LazyLock};

pub(super) use filter::shell;

use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, syntax::SyntaxConfig,
};

/// Longest template, in bytes.
pub(super) const TEMPLATE_LIMIT: usize = 16 * 1024;

/// Longest output, in bytes.
pub(super) const OUTPUT_LIMIT: usize = 64 * 1024;

/// Longest `{{ … }}` or `{% … %}`, in bytes.
const EXPRESSION_LIMIT: usize = 1024;

/// One unit pays for an instruction or for 64 bytes: enough to copy, encode and print several credentials.
const FUEL: u64 = 50_000;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(environment);

/// Why a template cannot be rendered, in our words: the engine's own may repeat values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TemplateError {
    pub(super) line: Option<usize>,
    pub(super) problem: String,
    /// It depends on the bytes of the credential, and says nothing about another one.
    pub(super) depends_on_value: bool,
}

/// Output that ends at [`OUTPUT_LIMIT`].
struct Bounded(Vec<u8>);

/// Renders one template over `context`.
pub(super) fn render(template: &str, context: &Value) -> Result<String, TemplateError> {
    limit::check(template)?;
    let mut output = Bounded(Vec::new());
    ENVIRONMENT
        .template_from_str(template)
        .and_then(|compiled| {
            compiled
                .render_captured_to(context.clone(), &mut output)
                .map(drop)
        })
        .map_err(|error| TemplateError::new(&error, template))?;
    String::from_utf8(output.0).map_err(|_| TemplateError::limit("cannot be rendered".to_owned()))
}

/// No loader, no functions, and of the filters only those that cannot be built from others.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // The delimiters are the engine's own, so that this cannot fail.
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_fuel(Some(FUEL));
    environment.set_debug(true);
    filter::add_to(&mut environment);
    environment
}

// === impl TemplateError ===

impl TemplateError {
    fn limit(problem: String) -> Self {
        Self {
            line: None,
            problem,
            depends_on_value: false,
        }
    }

    fn new(error: &Error, template: &str) -> Self {
        Self {
            line: error.line(),
            problem: problem(error, template),
            depends_on_value: error.kind() == ErrorKind::InvalidOperation,
        }
    }
}

fn problem(error: &Error, template: &str) -> String {
    let what = match error.kind() {
        ErrorKind::SyntaxError | ErrorKind::BadEscape => "syntax error",
        ErrorKind::UndefinedError => "undefined variable",
        ErrorKind::UnknownFilter => "unknown filter",
        ErrorKind::UnknownFunction | ErrorKind::UnknownMethod => "unknown function",
        ErrorKind::UnknownTest => "unknown test",
        ErrorKind::TooManyArguments | ErrorKind::MissingArgument => "wrong number of arguments",
        ErrorKind::OutOfFuel => "too much work",
        ErrorKind::WriteFailure => "the output is larger than 64 KiB",
        ErrorKind::TemplateNotFound | ErrorKind::BadInclude => "other templates cannot be used",
        ErrorKind::InvalidOperation | ErrorKind::NonPrimitive | ErrorKind::NonKey => {
            "a value does not suit this operation"
        }
        ErrorKind::BadSerialization
        | ErrorKind::CannotDeserialize
        | ErrorKind::EvalBlock
        | ErrorKind::CannotUnpack
        | ErrorKind::InvalidDelimiter
        | ErrorKind::UnknownBlock
        | _ => "cannot be rendered",
    };
    match named(error, template) {
        Some(name) => format!("{what} {name}"),
        None => what.to_owned(),
    }
}

/// The name that the error is about: text of the template, and only when it is an identifier.
fn named<'a>(error: &Error, template: &'a str) -> Option<&'a str> {
    let about_a_name = matches!(
        error.kind(),
        ErrorKind::UndefinedError | ErrorKind::UnknownFilter | ErrorKind::UnknownTest
    );
    let text = about_a_name
        .then(|| template.get(error.range()?))
        .flatten()?;
    let identifier = text.len() <= 100
        && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && text
            .chars()
            .all(|part| part.is_ascii_alphanumeric() || matches!(part, '_' | '.'));
    identifier.then_some(text)
}

// === impl Bounded ===

impl io::Write for Bounded {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        if self.0.len() + part.len() > OUTPUT_LIMIT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests;
