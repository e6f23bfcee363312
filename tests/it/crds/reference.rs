//! `docs/reference/api.md`, written from the schema.

use std::fmt::Write as _;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

use super::schema::{self, Node};

const INTRODUCTION: &str = "\
# AuthenticationConfiguration

`authkeeper.dev/v1alpha1`, short name `authcfg`. Written from the schema by `make crds`; do not edit.

Everything below is checked by the API server when an object is applied; a sentence after *Refused* is what it
says about a value that cannot be. No member has a default in the schema: what \"Default\" says is applied when the object is read,
so that the stored object stays as it was written. Durations are numbers with a unit (`ms`, `s`, `m`, `h`), as in
`90s` or `1h30m`.
";

pub(crate) fn markdown() -> String {
    let nodes = schema::all();
    let mut page = INTRODUCTION.to_owned();
    for node in nodes.iter().filter(|node| has_section(node)) {
        section(&mut page, node, &nodes);
    }
    page
}

/// Objects with members; one of `methods` is written like `method`.
fn has_section(node: &Node<'_>) -> bool {
    node.schema.properties.is_some() && !node.path.starts_with("spec.methods[]")
}

fn section(page: &mut String, node: &Node<'_>, nodes: &[Node<'_>]) {
    let (title, prefix) = if node.path.is_empty() {
        ("The object".to_owned(), String::new())
    } else {
        (format!("`{}`", node.path), format!("{}.", node.path))
    };
    let words = node.schema.description.as_deref().unwrap_or_default();
    let _ = write!(page, "\n## {title}\n\n{words}\n");
    let rules = rules(node.schema);
    if !rules.is_empty() {
        page.push('\n');
    }
    for (member, message) in rules {
        let of = if member.is_empty() {
            String::new()
        } else {
            format!(" (`{member}`)")
        };
        let _ = writeln!(page, "- *Refused*{of}: {message}");
    }
    page.push_str("\n| field | type | meaning |\n| --- | --- | --- |\n");
    for member in members(nodes, &prefix) {
        let name = &member.path[prefix.len()..];
        let required = if member.required { " (required)" } else { "" };
        let _ = writeln!(
            page,
            "| `{name}`{required} | {} | {} |",
            kind(member),
            meaning(member)
        );
    }
}

/// The nodes right below a prefix.
fn members<'a>(nodes: &'a [Node<'a>], prefix: &'a str) -> impl Iterator<Item = &'a Node<'a>> {
    nodes.iter().filter(move |node| {
        node.path
            .strip_prefix(prefix)
            .is_some_and(|rest| !rest.is_empty() && !rest.contains(['.', '[', '{']))
    })
}

/// Member and message of each rule of a node.
fn rules(schema: &JSONSchemaProps) -> Vec<(&str, &str)> {
    let rules = schema.x_kubernetes_validations.iter().flatten();
    rules
        .filter_map(|rule| {
            let member = rule
                .field_path
                .as_deref()
                .unwrap_or_default()
                .trim_start_matches('.');
            Some((member, rule.message.as_deref()?))
        })
        .collect()
}

fn meaning(node: &Node<'_>) -> String {
    let mut words = node.schema.description.clone().unwrap_or_default();
    let mut checked = vec![node.schema];
    checked.extend(element(node.schema));
    // The rules of an object stand in its own section.
    for schema in checked
        .into_iter()
        .filter(|schema| schema.properties.is_none())
    {
        for (_, message) in rules(schema) {
            let _ = write!(words, "<br>*Refused*: {message}.");
        }
    }
    words.replace('\n', " ").replace('|', "\\|")
}

/// The items of a list, or the values of a map.
fn element(schema: &JSONSchemaProps) -> Option<&JSONSchemaProps> {
    let items = match &schema.items {
        Some(JSONSchemaPropsOrArray::Schema(items)) => Some(&**items),
        _ => None,
    };
    let values = match &schema.additional_properties {
        Some(JSONSchemaPropsOrBool::Schema(values)) => Some(&**values),
        _ => None,
    };
    items.or(values)
}

fn kind(node: &Node<'_>) -> String {
    let schema = node.schema;
    let of = element(schema).map(|element| word(element, &format!("{}[]", node.path)));
    match schema.type_.as_deref() {
        Some("array") => limited(
            format!("list of {}", of.unwrap_or_default()),
            schema.max_items,
            "items",
        ),
        Some("object") if of.is_some() => limited(
            format!("map to {}", of.unwrap_or_default()),
            schema.max_properties,
            "keys",
        ),
        _ => word(schema, &node.path),
    }
}

fn limited(words: String, limit: Option<i64>, unit: &str) -> String {
    match limit {
        Some(limit) => format!("{words}, at most {limit} {unit}"),
        None => words,
    }
}

fn word(schema: &JSONSchemaProps, path: &str) -> String {
    let values = schema.enum_.iter().flatten();
    let values: Vec<_> = values
        .filter_map(|value| Some(format!("`{}`", value.0.as_str()?)))
        .collect();
    match schema.type_.as_deref().unwrap_or_default() {
        _ if !values.is_empty() => values.join(", "),
        "object" if schema.properties.is_some() => {
            let section = path.replacen("spec.methods[]", "spec.method", 1);
            let anchor: String = section
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect();
            format!("[object](#{})", anchor.to_lowercase())
        }
        "object" => "empty object".to_owned(),
        kind => limited(kind.to_owned(), schema.max_length, "characters"),
    }
}
