//! `{product_name}` and `{product_slug}` in settings: one manifest serves many products.

use std::borrow::Cow;

use super::yaml::{Kind, Node};

/// What the placeholders stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholders {
    name: String,
    slug: String,
}

impl Placeholders {
    /// Those of a product.
    pub fn of_product(name: &str) -> Self {
        Self { name: name.to_owned(), slug: product_slug(name) }
    }

    /// A text with its placeholders replaced.
    pub fn expand<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if text.contains("{product_") {
            Cow::Owned(text.replace("{product_name}", &self.name).replace("{product_slug}", &self.slug))
        } else {
            Cow::Borrowed(text)
        }
    }

    /// Replaces them in all texts of a value, keys left alone.
    pub fn expand_node(&self, node: &mut Node) {
        match &mut node.kind {
            Kind::Str(text) => {
                if let Cow::Owned(expanded) = self.expand(text) {
                    *text = expanded;
                }
            }
            Kind::Seq(items) => items.iter_mut().for_each(|item| self.expand_node(item)),
            Kind::Map(entries) => entries.iter_mut().for_each(|entry| self.expand_node(&mut entry.value)),
            Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) => {}
        }
    }
}

/// A product's name where only letters, digits and `_` may stand.
pub fn product_slug(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostics::Source;
    use crate::documents::yaml;

    #[test]
    fn placeholders_expand_in_all_texts_and_nothing_else_does() {
        let source =
            Source::new("m.yaml", "path: 'lake/{product_slug}.db'\nlist: ['{product_name}', '{other}']\nn: 1\n");
        let mut node = yaml::parse(&source).0.unwrap();
        Placeholders::of_product("sales-eu").expand_node(&mut node);
        assert_eq!(node.to_json().to_string(), r#"{"path":"lake/sales_eu.db","list":["sales-eu","{other}"],"n":1}"#);
        assert_eq!(product_slug("ä b.c"), "__b_c");
    }
}
