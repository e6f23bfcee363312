//! The `CustomResourceDefinition`, made from the types. The only source of `crds/`, of the reference and of what the
//! operator expects.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
    ValidationRule,
};
use kube::CustomResourceExt as _;
use schemars::Schema;
use serde_json::{Map, Value, json};

use super::v1alpha1::{AuthenticationConfiguration, object_rules};
use crate::rule;

/// Formats that the API server knows; it warns about every other.
const FORMATS: &[&str] = &["date-time", "int32", "int64"];

/// Every kind that authkeeper brings.
pub fn crds() -> Vec<CustomResourceDefinition> {
    let mut crd = AuthenticationConfiguration::crd();
    for version in &mut crd.spec.versions {
        let Some(root) = version
            .schema
            .as_mut()
            .and_then(|schema| schema.open_api_v3_schema.as_mut())
        else {
            continue;
        };
        root.x_kubernetes_validations = Some(object_rules().map(object_rule).into());
        tidy(root);
    }
    vec![crd]
}

/// [`crds`] as YAML documents.
pub fn crds_yaml() -> Result<String, serde_saphyr::ser::Error> {
    let documents: Result<Vec<_>, _> = crds().iter().map(serde_saphyr::to_string).collect();
    Ok(documents?.join("---\n"))
}

fn object_rule((rule, message): (&str, &str)) -> ValidationRule {
    ValidationRule {
        rule: rule.to_owned(),
        message: Some(message.to_owned()),
        ..ValidationRule::default()
    }
}

/// Drops what schemars says and a CRD does not need: null is never written, and Rust's number formats mean nothing here.
fn tidy(schema: &mut JSONSchemaProps) {
    schema.nullable = None;
    if let Some(values) = &mut schema.enum_ {
        values.retain(|value| !value.0.is_null());
    }
    schema
        .format
        .take_if(|format| !FORMATS.contains(&format.as_str()));
    for member in schema
        .properties
        .iter_mut()
        .flat_map(|members| members.values_mut())
    {
        tidy(member);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        tidy(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        tidy(values);
    }
}

/// Turns `oneOf`, which schemars makes of a flattened enum, into plain optional members.
///
/// The API server answers a broken `oneOf` with several misleading messages; one rule says it better.
pub(super) fn plain_blocks(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let Some(Value::Array(variants)) = object.remove("oneOf") else {
        return;
    };
    let mut blocks = Map::new();
    for mut variant in variants {
        let description = variant["description"].take();
        let Some(members) = variant["properties"].as_object_mut() else {
            continue;
        };
        for (name, mut block) in std::mem::take(members) {
            block["description"] = description.clone();
            blocks.insert(name, block);
        }
    }
    members_of_several_blocks(&mut blocks);
    object.remove("unevaluatedProperties");
    object.insert("type".to_owned(), json!("object"));
    if let Some(members) = object
        .entry("properties")
        .or_insert(json!({}))
        .as_object_mut()
    {
        members.extend(blocks);
    }
}

/// Members that mean the same in each block that has them get the same rules.
fn members_of_several_blocks(blocks: &mut Map<String, Value>) {
    for block in blocks.values_mut() {
        for (member, rules) in [
            ("header", rule::header_name()),
            ("prefix", rule::header_prefix()),
        ] {
            if let Some(schema) = block.pointer_mut(&format!("/properties/{member}")) {
                schema["x-kubernetes-validations"] = rules;
            }
        }
    }
}
