use proptest::prelude::*;

use super::*;

fn literals(text: &str) -> Vec<String> {
    comparisons(text).into_iter().map(|found| found.literal).collect()
}

#[test]
fn every_way_to_write_it_is_found() {
    for text in [
        "{{ target.name == 'x' }}",
        "{{ 'x' == target.name }}",
        "{%- if target.name != \"x\" -%}",
        "{% if target['name'] == 'x' and true %}",
        "{% elif target.get('name') == 'x' %}",
        "{% elif target.get(\"name\", none) == 'x' %}",
        "{{ config(enabled=(target.name == 'x')) }}",
        "{{ config(enabled = target . name=='x', a='y') }}",
        "{% if\n  target.name\n  ==\n  'x'\n%}",
        "{% if (target.name) == 'x' %}",
        "{% if not (target.name) == ('x') %}{% endif %}{{ target.name == 'x' }}",
        "{% if target.name | lower == 'x' %}",
        "{% if target.name.lower() == 'x' %}",
        "{{ 1 if target.name == 'x' else 2 }}",
        "{% if target.name in ['x'] %}",
        "{% if target.name not in ('x',) %}",
        "-- {{ target.name == 'x' }} is rendered in a comment of SQL too\n",
    ] {
        assert_eq!(literals(text), ["x"], "{text}");
    }
    assert_eq!(literals("{% if target.name in ['a', \"b\",'c'] or 'd' == target.name %}"), ["a", "b", "c", "d"]);
    assert_eq!(comparisons("{% if 'x' not in target.name %}")[0].how, How::Part);
}

#[test]
fn what_is_no_comparison_of_it_with_a_text_is_left_alone() {
    for text in [
        "select target.name = 'x', target.name == 'x' from target -- target.name == 'x'\n",
        "{# target.name == 'x' #}{% raw %}{{ target.name == 'x' }}{% endraw %}",
        "{{ \"target.name == 'x'\" }}",
        "{{ target.type == 'x' }}",
        "{{ target.schema == 'x' }}{{ target['type'] == 'x' }}{{ target.get('type', 'name') == 'x' }}",
        "{{ other.target.name == 'x' }}{{ my_target.name == 'x' }}{{ target_name == 'x' }}",
        "{{ target.name ~ '_a' == 'x_a' }}{{ 'x_a' == target.name ~ '_a' }}",
        "{{ target.name == 'x' ~ suffix }}{{ prefix ~ 'x' == target.name }}",
        "{{ target.name.startswith('x') }}{{ target.name[0] == 'x' }}{{ target.name | length == 'x' }}",
        "{{ f(target.name) == 'x' }}",
        "{{ target.name == var('x') }}{{ target.name in var('x') }}{{ target.name in ['x' ~ 'y'] }}",
        "{{ target.name == 'a\\'b' }}",
        "{% set target = here %}{{ target.name == 'x' }}",
        "{% for target in all %}{{ target.name == 'x' }}{% endfor %}",
        "{{ target.name == 'x'",
    ] {
        assert_eq!(literals(text), [""; 0], "{text}");
    }
}

#[test]
fn a_parameter_hides_it_until_the_macro_ends() {
    let text = "{% macro f(target) %}{{ target.name == 'a' }}{% endmacro %}{% macro g(x=target.name) %}{{ target.name == 'b' }}{% endmacro %}";
    assert_eq!(literals(text), ["b"]);
}

#[test]
fn the_place_is_that_of_the_text() {
    let text = "ü {{ target.name == 'x' }}";
    assert_eq!(&text[comparisons(text)[0].range.clone()], "'x'");
}

#[test]
fn cases_and_parts_are_met_by_environments() {
    let met = |text: &str| comparisons(text)[0].is_met_by("prod");
    assert!(met("{{ target.name == 'prod' }}") && !met("{{ target.name == 'PROD' }}"));
    assert!(met("{{ target.name | upper == 'PROD' }}") && met("{{ 'pro' in target.name }}"));
    assert!(!met("{{ 'dev' in target.name }}"));
}

proptest! {
    #[test]
    fn nothing_makes_it_panic(
        text in "(\\{\\{|\\}\\}|\\{%|%\\}|target|target\\.name|name|get|==|!=|in|not|'x'|\"name\"|[\\[\\]().,|~ ]){0,40}"
    ) {
        for found in comparisons(&text) {
            assert!(text.get(found.range).is_some());
        }
    }
}
