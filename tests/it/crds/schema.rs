//! What holds for the whole schema, without an API server.

use authkeeper::api;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};

/// A place in the schema: `spec.methods[].fields[].name`; `{}` stands for the values of a map.
pub(crate) struct Node<'a> {
    pub(crate) path: String,
    pub(crate) schema: &'a JSONSchemaProps,
    pub(crate) required: bool,
}

/// Every place of the first kind's schema, parents first.
pub(crate) fn nodes(crd: &CustomResourceDefinition) -> Vec<Node<'_>> {
    let root = crd.spec.versions[0].schema.as_ref().unwrap();
    let mut nodes = Vec::new();
    let root = Node {
        path: String::new(),
        schema: root.open_api_v3_schema.as_ref().unwrap(),
        required: true,
    };
    walk(root, &mut nodes);
    nodes
}

fn walk<'a>(node: Node<'a>, nodes: &mut Vec<Node<'a>>) {
    let (path, schema) = (node.path.clone(), node.schema);
    nodes.push(node);
    for (name, member) in schema.properties.iter().flatten() {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{name}");
        let required = schema
            .required
            .iter()
            .flatten()
            .any(|required| required == name);
        walk(
            Node {
                path,
                schema: member,
                required,
            },
            nodes,
        );
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
        let path = format!("{path}[]");
        walk(
            Node {
                path,
                schema: items,
                required: true,
            },
            nodes,
        );
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &schema.additional_properties {
        let path = format!("{path}{{}}");
        walk(
            Node {
                path,
                schema: values,
                required: true,
            },
            nodes,
        );
    }
}

/// The crd leaks, so that nodes can be handed around in a test.
pub(crate) fn all() -> Vec<Node<'static>> {
    let [crd] = <[_; 1]>::try_from(api::crds()).unwrap();
    nodes(Box::leak(Box::new(crd)))
}

#[test]
fn the_crd_is_small_enough_for_every_way_to_apply_it() {
    for crd in api::crds() {
        let size = serde_json::to_string(&crd).unwrap().len();
        assert!(size < 200_000, "{size} bytes of compact JSON");
    }
}

#[test]
fn every_member_is_described() {
    for node in all() {
        let is_member = !node.path.ends_with("[]") && !node.path.ends_with("{}");
        let words = node.schema.description.as_deref().unwrap_or_default();
        assert!(
            !is_member || words.trim_end().ends_with('.'),
            "{}: {words:?}",
            node.path
        );
    }
}

#[test]
fn every_text_list_and_map_that_users_write_is_limited() {
    for node in all().iter().filter(|node| node.path.starts_with("spec")) {
        let (path, schema) = (&node.path, node.schema);
        match schema.type_.as_deref() {
            Some("string") => assert!(
                schema.max_length.is_some() || schema.enum_.is_some(),
                "{path}"
            ),
            Some("array") => assert!(schema.max_items.is_some(), "{path}"),
            Some("object") if schema.additional_properties.is_some() => {
                assert!(schema.max_properties.is_some(), "{path}");
            }
            Some("object" | "integer" | "boolean") => {}
            other => panic!("{path} has the type {other:?}"),
        }
    }
}

/// A default in the schema appears in every stored object and keeps GitOps tools out of sync for ever.
#[test]
fn nothing_is_defaulted_nullable_or_of_an_unknown_format() {
    for Node { path, schema, .. } in all() {
        assert!(schema.default.is_none(), "{path} has a default");
        assert!(schema.nullable.is_none(), "{path} is nullable");
        assert!(
            schema.one_of.is_none() && schema.any_of.is_none(),
            "{path} has variants"
        );
        let format = schema.format.as_deref().unwrap_or("int32");
        assert!(
            ["int32", "int64", "date-time"].contains(&format),
            "{path}: {format}"
        );
        let values = schema.enum_.iter().flatten();
        assert!(
            values.map(|value| &value.0).all(|value| !value.is_null()),
            "{path}"
        );
    }
}

/// Flux deletes and creates an object again when it meets that word and `force` is set.
#[test]
fn each_mistake_meets_one_rule_and_no_message_makes_flux_delete_the_object() {
    for Node { path, schema, .. } in all() {
        for rule in schema.x_kubernetes_validations.iter().flatten() {
            assert!(schema.pattern.is_none(), "{path} has a pattern and a rule");
            let message = rule.message.as_deref().unwrap();
            assert!(
                !message.to_lowercase().contains("immutable"),
                "{path}: {message}"
            );
        }
    }
}
