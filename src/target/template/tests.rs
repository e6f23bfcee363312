use std::collections::BTreeMap;

use minijinja::Value;
use proptest::prelude::*;

use super::*;

fn context() -> Value {
    Value::from(BTreeMap::from([(
        "credential",
        BTreeMap::from([("access_token", "e30.e30.e30"), ("username", "it's")]),
    )]))
}

fn rendered(template: &str) -> String {
    render(template, &context()).unwrap()
}

fn problem_of(template: &str) -> String {
    render(template, &context()).unwrap_err().problem
}

#[test]
fn expressions_and_blocks_are_rendered_and_the_last_newline_is_kept() {
    assert_eq!(rendered("a {{ credential.username }}\n"), "a it's\n");
    assert_eq!(
        rendered("{% if credential.scope is defined %}x{% else %}y{% endif %}"),
        "y"
    );
    assert_eq!(
        rendered("{% for key in credential %}{{ key }}={{ credential[key] }};{% endfor %}"),
        "access_token=e30.e30.e30;username=it's;"
    );
    assert_eq!(rendered("{{ ('a' ~ ':' ~ 'b') | b64 }}"), "YTpi");
}

#[test]
fn filters_do_what_they_say() {
    for (template, expected) in [
        ("{{ 'a?b' | b64 }}", "YT9i"),
        ("{{ '>>>?' | b64url }}", "Pj4-Pw"),
        ("{{ 'Pj4-Pw' | b64d }}", ">>>?"),
        ("{{ 'YTpi' | b64d }}", "a:b"),
        ("{{ 'YTo=' | b64d }}", "a:"),
        ("{{ 'az' | hex }}", "617a"),
        ("{{ 'a b/ä~' | urlenc }}", "a%20b%2F%C3%A4~"),
        ("{{ 'a\"\n' | json }}", "\"a\\\"\\n\""),
        ("{{ 'Ab' | lower }}{{ 'Ab' | upper }}", "abAB"),
        ("{{ ' a ' | trim }}", "a"),
        ("{{ credential.scope | default('none') }}", "none"),
        (
            "{{ 'abc' | sha256 }}",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        ),
        ("{{ credential.username | shell }}", r"'it'\''s'"),
        ("{{ 'a: #b\u{2028}' | yaml }}", "\"a: #b\\u2028\""),
        ("{{ 'a\u{7f}' | toml }}", "\"a\\u007f\""),
        ("{{ 'plain' | ini }}", "plain"),
        ("{{ ' a;\"' | ini }}", "\" a;\\\"\""),
    ] {
        assert_eq!(rendered(template), expected, "{template}");
    }
    assert!(problem_of("{{ 'a\nb' | ini }}").contains("does not suit"));
}

#[test]
fn errors_name_the_line_and_the_identifier_and_never_a_value() {
    let error = render("a\n{{ credential.id_token }}", &context()).unwrap_err();
    assert_eq!(error.line, Some(2));
    assert_eq!(error.problem, "undefined variable credential.id_token");
    assert_eq!(problem_of("{{ nobody }}"), "undefined variable nobody");
    assert_eq!(
        problem_of("{{ 'x' | nofilter }}"),
        "unknown filter nofilter"
    );
    assert_eq!(problem_of("{{ range(3) }}"), "unknown function");
    assert_eq!(problem_of("{{ 1 + }}"), "syntax error");
    let error = render("{{ credential.username | b64d }}", &context()).unwrap_err();
    assert_eq!(error.problem, "a value does not suit this operation");
    assert!(error.depends_on_value);
}

#[test]
fn loops_run_out_of_fuel() {
    let loops =
        "{% for a in credential.access_token %}".repeat(6) + "{{ a }}" + &"{% endfor %}".repeat(6);
    assert_eq!(problem_of(&loops), "too much work");
    assert_eq!(problem_of("{{ 'x' * 2000000000 }}"), "too much work");
    assert_eq!(problem_of("{{ 'x' * 90000000 }}"), "too much work");
}

#[test]
fn statements_that_name_values_are_refused() {
    let doubled = "{% set x = 'xxxxxxxx' %}".to_owned() + &"{% set x = x ~ x %}".repeat(60);
    let compared = "{% set x = [1, 1] %}{% set y = [1, 1] %}".to_owned()
        + &"{% set x = [x, x] %}{% set y = [y, y] %}".repeat(40)
        + "{% if x == y %}same{% endif %}";
    for template in [
        doubled.as_str(),
        compared.as_str(),
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{%- with x = 1 %}{% endwith %}",
        "{% for x in [1, 2] %}{% endfor %}",
        "{% for x in credential if [x] %}{% endfor %}",
        "{% for x in 'abc' %}{% endfor %}",
        "{% include 'a' %}",
        "{%set x = 1%}",
        "{%",
    ] {
        assert!(
            problem_of(template).starts_with("only if, for"),
            "{template}"
        );
    }
    assert_eq!(rendered("{%- raw -%}{{ x }}{%+ endraw %}"), "{{ x }}");
    assert_eq!(rendered("{%if(1)%}a{%endif%}"), "a");
}

#[test]
fn filters_run_out_of_fuel() {
    let filtered = format!("{{{{ 'xxxxxxxx' {} }}}}", "|hex".repeat(200));
    assert_eq!(problem_of(&filtered), "too much work");
}

#[test]
fn large_templates_expressions_and_outputs_are_refused() {
    assert_eq!(
        problem_of(&"x".repeat(16 * 1024 + 1)),
        "the template is larger than 16 KiB"
    );
    assert_eq!(rendered(&"x".repeat(16 * 1024)).len(), 16 * 1024);
    let long = format!("a\n{{{{ 1{} }}}}", " + 1".repeat(3000));
    let error = render(&long, &context()).unwrap_err();
    assert_eq!(error.problem, "an expression is longer than 1 KiB");
    assert_eq!(error.line, Some(2));
    let hidden = format!("{{{{ '}}}}' ~ (1){} }}}}", " + 1".repeat(3000));
    assert_eq!(problem_of(&hidden), "an expression is longer than 1 KiB");
    let mapped = format!("{{{{ {{'a': {{}}}}{} }}}}", " == 1".repeat(3000));
    assert_eq!(problem_of(&mapped), "an expression is longer than 1 KiB");
    let nested = format!("{{{{ {}1{} }}}}", "(".repeat(33), ")".repeat(33));
    assert_eq!(problem_of(&nested), "more than 32 brackets in brackets");
    assert_eq!(
        problem_of(&("{% if 1 %}".to_owned() + &"{% elif 1 %}".repeat(32) + "{% endif %}")),
        "more than 32 statements in statements"
    );
    let large =
        "{% for a in credential.access_token %}".to_owned() + &"y".repeat(8_000) + "{% endfor %}";
    assert_eq!(problem_of(&large), "the output is larger than 64 KiB");
}

#[test]
fn nesting_up_to_the_limits_does_not_exhaust_a_small_stack() {
    let deepest = [
        format!("{{{{ {}1 }}}}", "-".repeat(1000)),
        format!("{{{{ {}1 }}}}", "not ".repeat(240)),
        format!("{{{{ {}1{} }}}}", "(".repeat(32), ")".repeat(32)),
        format!("{{{{ {}{} }}}}", "[".repeat(32), "]".repeat(32)),
        format!("{{{{ 1{} }}}}", "+1".repeat(500)),
        format!("{{{{ 'x'{} }}}}", "|trim".repeat(200)),
        format!("{{{{ credential{} }}}}", ".a".repeat(500)),
        format!("{{{{ credential{} }}}}", "[0]".repeat(330)),
        format!("{{{{ 1{} }}}}", "<1".repeat(500)),
        format!("{{{{ 1{} }}}}", "**1".repeat(330)),
        "{% if 1 %}".repeat(32) + &"{% endif %}".repeat(32),
        "{% if 0 %}".to_owned() + &"{% elif 0 %}".repeat(31) + "{% endif %}",
    ];
    for template in deepest {
        let template: &str = &template;
        std::thread::scope(|scope| {
            std::thread::Builder::new()
                .stack_size(1024 * 1024)
                .spawn_scoped(scope, || drop(render(template, &context())))
                .unwrap();
        });
    }
}

proptest! {
    #[test]
    fn no_template_panics(template in "(\\{\\{|\\}\\}|\\{%|%\\}|[a-z'\"\\\\(){}|~+*. 0-9]|credential|if |for |in |endif|endfor|set ){0,60}") {
        let _ = render(&template, &context());
    }
}
