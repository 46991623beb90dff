//! The demand comes down from manifest to manifest: it can be tightened, never loosened.

use std::fs;

use floe_tests::Project;

use crate::keys::{Vendor, keys, said, signature_of, trusting};

/// A product of a domain whose enterprise demands signatures by two vendors; the plugin is signed by the first.
struct Domain {
    project: Project,
    vendor: Vendor,
    other: Vendor,
    stranger: Vendor,
}

impl Domain {
    fn new() -> Self {
        let project = Project::new().with_fixtures(&["traces"]);
        let (vendor, other, stranger) = (Vendor::new("vendor"), Vendor::new("other"), Vendor::new("stranger"));
        vendor.sign(&project.plugins().join("libtraces.so"));
        project.write(
            "enterprise.yaml",
            &format!(
                "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: acme}}\nscope: enterprise\n\
                 plugins:\n  compute: {{approved: [traces]}}\n  trust:\n    require_signature: true\n    trusted_keys: [{}]\n",
                keys(&[&vendor, &other])
            ),
        );
        let domain = Self { project, vendor, other, stranger };
        domain.trusts("");
        domain
    }

    /// Writes the domain's manifest, with a section `trust` or none.
    fn trusts(&self, trust: &str) {
        let trust = if trust.is_empty() { String::new() } else { format!("plugins:\n  trust: {trust}\n") };
        self.project.write(
            "manifest.yaml",
            &format!(
                "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {{name: emea}}\nscope: domain\n\
                 parent_manifest: enterprise.yaml\n{trust}"
            ),
        );
    }

    fn refuses(&self, code: &str) -> String {
        for command in [&["compile"][..], &["health"], &["plan"], &["plugin", "verify"], &["plugin", "lock"]] {
            let found = self.project.floe(&[command, &["--format", "json"]].concat()).expect(1).diagnostics();
            let found: Vec<_> = found.iter().map(|one| one["code"].as_str().expect("a code")).collect();
            assert_eq!(found, [code], "{command:?}");
        }
        assert!(!self.was_executed(), "something of it was executed");
        said(&self.project, &["compile"], 1, &[&self.vendor, &self.other, &self.stranger])
    }

    fn was_executed(&self) -> bool {
        self.project.plugins().join("libtraces.so.trace").exists()
    }
}

#[test]
fn a_domain_inherits_the_demand_and_may_trust_fewer_keys() {
    let domain = Domain::new();
    let _ = domain.project.floe(&["plugin", "verify"]).expect(0);
    domain.trusts(&format!("{{trusted_keys: [{}]}}", keys(&[&domain.other])));
    let mut all = domain.refuses("F0526");
    domain.trusts("");
    fs::remove_file(signature_of(&domain.project.plugins().join("libtraces.so"))).expect("removed");
    all += &domain.refuses("F0523");
    domain.trusts(&format!("{{trusted_keys: [{}]}}", keys(&[&domain.vendor])));
    domain.vendor.sign(&domain.project.plugins().join("libtraces.so"));
    let _ = domain.project.floe(&["compile"]).expect(0);
    assert!(domain.was_executed(), "the control");
    insta::assert_snapshot!(all);
}

#[test]
fn a_domain_cannot_give_up_the_demand_or_add_a_key() {
    let domain = Domain::new();
    domain.trusts("{require_signature: false}");
    let mut all = domain.refuses("F0222");
    // Signed by a key that the domain alone trusts.
    domain.stranger.sign(&domain.project.plugins().join("libtraces.so"));
    domain.trusts(&format!("{{trusted_keys: [{}]}}", keys(&[&domain.stranger])));
    all += &domain.refuses("F0222");
    insta::assert_snapshot!(all);
}

/// Perhaps it demands more than can be read.
#[test]
fn a_demand_that_cannot_be_read_loads_nothing() {
    let project = Project::new().with_fixtures(&["traces"]);
    let mut all = String::new();
    for trust in [
        "{require_signature: sure}",
        "{require_signatures: true}",
        "always",
        "{require_signature: true, trusted_keys: [RWQ]}",
        "{require_signature: true, trusted_keys: [RWQxMjM0NTY3OAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA]}",
        "{require_signature: true}",
    ] {
        trusting(&project, "traces", trust);
        all += &said(&project, &["compile"], 1, &[]);
        for command in ["plan", "health"] {
            let _ = project.floe(&[command]).expect(1);
        }
    }
    project.write(
        "manifest.yaml",
        "apiVersion: floe.dev/v1\nkind: Manifest\nmetadata: {name: acme}\ncompute: {approved: [traces]}\nplugins: none\n",
    );
    all += &said(&project, &["compile"], 1, &[]);
    assert!(!project.plugins().join("libtraces.so.trace").exists(), "something of it was executed");
    insta::assert_snapshot!(all);
}
