//! F02xx: the manifest.

super::codes! {
    NO_COMPUTE = "F0201", "No compute is approved",
    "A manifest without a parent must approve at least one compute; there is nothing that transforms could run on \
     otherwise.\n\n```yaml\nplugins:\n  compute:\n    approved: [duckdb]\n    default: duckdb\n```\n\n\
     Add the computes. A domain manifest may leave them out: it inherits those of its parent.";
    TWO_FORMS = "F0202", "Computes are given in two forms",
    "The computes can be written as `plugins.compute: {approved, default}`, as `plugins.compute: {type, config}` for a \
     single one, or as `compute: {approved, default}` at the top. With two of them at once it would not be clear which \
     one counts.\n\nKeep one form; `approved` under `plugins.compute` can say all that the others can.";
    DEFAULT_NOT_APPROVED = "F0203", "The default is not approved",
    "`default` names the compute of all transforms that choose none, and must be one of the approved ones.\n\n\
     ```yaml\napproved: [duckdb, spark]\ndefault: snowflake\n```\n\nName an approved compute, or approve that one.";
    NO_DEFAULT = "F0204", "No default compute",
    "Several computes are approved and none is the default, so that a transform without `compute` would have none.\n\n\
     ```yaml\napproved: [duckdb, spark]\ndefault: duckdb\n```\n\nAdd `default`. With one approved compute it is not needed.";
    SCOPE = "F0205", "Scope and parent do not fit",
    "A manifest of `scope: domain` narrows the one that `parent_manifest` names, so it needs one. A manifest of \
     `scope: enterprise`, or without a scope, is the top of its chain and has none.\n\n\
     ```yaml\nscope: domain\nparent_manifest: ../enterprise.yaml\n```\n\nAdd or remove `parent_manifest`, or correct `scope`.";
    VERSION = "F0206", "Not a version requirement",
    "`version` of a compute says which versions of its plugin are allowed, in Cargo's notation: `1.2` (at least 1.2, \
     below 2), `>=1.0, <2`, `=1.4.2`, `~1.4`.\n\n```yaml\nversion: \">=1.0, <2\"\n```\n\nCorrect the requirement.";
    QUANTITY = "F0207", "Not a Kubernetes quantity",
    "Resources are Kubernetes quantities: a number with an optional unit, `500m` or `2` for CPU, `512Mi` or `4Gi` for \
     memory and storage.\n\n```yaml\nresources: {large: {memory_limit: 32GB}}     # 32Gi or 32G\n```\n\nCorrect the quantity.";
    OVER_LIMIT = "F0208", "A request over its limit",
    "A pod cannot reserve more than it may use: Kubernetes refuses a request that is larger than its limit.\n\n\
     ```yaml\nresources: {large: {memory_request: 64Gi, memory_limit: 32Gi}}\n```\n\nLower the request or raise the limit.";
    UNKNOWN_COMPUTE = "F0209", "No such compute",
    "A setting is for a compute that is not approved in this manifest, most often because of a typing error.\n\n\
     ```yaml\napproved: [spark_large]\nenvironments:\n  - {name: prod, connections: {spark-large: {host: a}}}\n```\n\n\
     Use the name of an approved compute.";
    TIMEOUT_OVER_MAX = "F0210", "A timeout over its limit",
    "`timeout_seconds` is a default and `max_timeout_seconds` the limit that nothing may exceed, the default included.\n\n\
     ```yaml\nconfig: {timeout_seconds: 7200, max_timeout_seconds: 3600}\n```\n\nLower the timeout or raise the limit.";
    READS = "F0211", "Not a way to address another compute",
    "`reads` says how a compute addresses what another one wrote: by a `catalog` (its name for the writer's database) or \
     by a `schema_prefix`; one of the two.\n\n```yaml\nreads: {duckdb: {schema_prefix: lake.}}\n```\n\nKeep one of the two keys.";
    CATALOG_AUTH = "F0212", "Two logins for the catalog",
    "A catalog is logged in to with `oauth2` (client credentials) or with a `token`, not with both.\n\n\
     ```yaml\ncatalog:\n  type: rest\n  config:\n    uri: https://catalog.example/api\n    warehouse: lake\n    \
     oauth2: {client_id: floe, client_secret: {secret: {source: env, name: CATALOG_SECRET}}}\n```\n\nKeep one of the two.";
    TRUST_KEY = "F0213", "Not a minisign public key",
    "`trusted_keys` holds minisign public keys: the second line of a `minisign.pub` file, 56 characters that begin with \
     `RW`.\n\n```yaml\nplugins:\n  trust:\n    require_signature: true\n    trusted_keys: [RWQ…]\n```\n\n\
     Copy the key from the vendor's `minisign.pub`.";
    TRUST_WITHOUT_KEY = "F0214", "A signature is required, and no key is trusted",
    "`require_signature: true` refuses every plugin that none of the `trusted_keys` signed. Without a key that is every \
     plugin.\n\n```yaml\nplugins:\n  trust: {require_signature: true, trusted_keys: [RWQ…]}\n```\n\n\
     Add the keys of the vendors whose plugins may be loaded, or remove `require_signature`.";
    REFERENCE = "F0215", "A manifest that is in no file",
    "A manifest is named by a path from the folder of the file that names it, or by a `file://` URL. floe fetches nothing: \
     what is in a registry (`oci://`) or behind `https://` must be pulled first, so that the same files are compiled \
     everywhere.\n\n```yaml\nparent_manifest: ../enterprise.yaml\nparent_manifest: file:///etc/floe/enterprise.yaml\n```\n\n\
     Fetch it, and write the path.";
    PARENT_CYCLE = "F0216", "Manifests that narrow each other",
    "Following `parent_manifest` from file to file leads back to a file that was read already, so that no manifest is the \
     root. The message shows the way, and every step of it is marked.\n\n\
     Make one of them the root: `scope: enterprise`, without `parent_manifest`.";
    NOT_ABOVE = "F0217", "A compute that the parent does not approve",
    "A domain manifest may approve only what its parent approves: an enterprise decides which engines exist, a domain \
     which of them it uses.\n\n```yaml\n# enterprise.yaml\napproved: [duckdb, spark]\n# domain.yaml\napproved: [duckdb, bigquery]     \
     # bigquery is not for a domain to add\n```\n\nUse one of the computes that the parent approves, or ask its owner to \
     approve the other one.";
    PLUGIN_REBOUND = "F0218", "A compute bound to another plugin",
    "A name that a parent binds to a plugin keeps it in every manifest below. Otherwise the approval of one engine would \
     let in another one under its name.\n\n```yaml\n# enterprise.yaml\napproved: [{name: lake, plugin: spark}]\n\
     # domain.yaml\napproved: [{name: lake, plugin: trino}]\n```\n\nRemove `plugin` from the lower manifest.";
    DEFAULT_LOST = "F0219", "The inherited default is not approved any more",
    "A domain manifest leaves out the compute that its parent made the default, and names none of its own. Transforms that \
     choose no compute would have none.\n\n```yaml\n# enterprise.yaml: approved: [duckdb, spark, trino], default: duckdb\n\
     approved: [spark, trino]\ndefault: spark\n```\n\nAdd `default` to the manifest that leaves it out.";
    LIMIT_RAISED = "F0220", "A limit is raised",
    "`max_timeout_seconds` and `resources` are limits that only decrease from a manifest to those that narrow it: what an \
     enterprise caps, no domain lifts.\n\n```yaml\n# enterprise.yaml\nresources: {large: {memory_limit: 16Gi}}\n\
     # domain.yaml\nresources: {large: {memory_limit: 64Gi}}\n```\n\nSet at most what the manifest above allows, or ask its owner.";
    MAY_SET_WIDENED = "F0221", "Products may set more than the parent allows",
    "`product_may_set` of an environment names the settings that a spec may set there. Where a parent has such a list, a \
     manifest below may shorten it, never lengthen it.\n\nRemove the setting from the lower list, or ask the parent's owner to add it.";
    TRUST_LOOSENED = "F0222", "Trust is loosened",
    "A parent demands signed plugins, or names the keys that it trusts, and a manifest below it gives up the demand or \
     trusts another key. A child may tighten, never loosen.\n\n\
     Remove `require_signature: false` or the key, or ask the parent's owner.";
}
