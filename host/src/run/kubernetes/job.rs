//! One Job, for one step.

use floe_plugin_api::WorkloadSize;
use serde_json::{Map, Value, json};

use super::secrets::Secrets;
use super::volumes::Volume;
use super::{Wish, name};
use crate::run::plan::{Plan, Step};
use crate::run::prepare::Prepared;

/// The group that owns the volume, so that a user who is not root can write to it.
const GROUP: u32 = 65532;

/// What a Job is made of.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) prepared: &'a Prepared<'a>,
    pub(super) wish: &'a Wish,
    pub(super) step: &'a Step,
    pub(super) name: &'a str,
    /// The names of those that come before.
    pub(super) after: &'a [&'a str],
    pub(super) digest: &'a str,
    pub(super) command: &'a [String],
    pub(super) secrets: &'a Secrets,
    pub(super) volume: &'a Volume,
}

impl Job<'_> {
    pub(super) fn to_json(&self) -> Value {
        let labels = self.labels();
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), json!(self.name));
        metadata.extend(self.wish.namespace.iter().map(|namespace| ("namespace".to_owned(), json!(namespace))));
        metadata.insert("labels".to_owned(), labels.clone());
        metadata.insert("annotations".to_owned(), self.annotations());
        let mut spec = Map::new();
        if !self.after.is_empty() {
            // Whoever runs the plan starts it when its time has come: applying it must not.
            spec.insert("suspend".to_owned(), json!(true));
        }
        spec.insert("backoffLimit".to_owned(), json!(0));
        spec.insert("template".to_owned(), json!({"metadata": {"labels": labels}, "spec": self.pod()}));
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec})
    }

    fn labels(&self) -> Value {
        let plan = self.prepared.plan;
        json!({
            "app.kubernetes.io/name": "floe",
            "app.kubernetes.io/managed-by": "floe",
            "app.kubernetes.io/part-of": name::label_value(super::product(self.prepared)),
            "floe.dev/environment": name::label_value(&plan.environment),
            "floe.dev/compute": name::label_value(&self.step.compute),
            "floe.dev/step": self.step.step.to_string(),
        })
    }

    fn annotations(&self) -> Value {
        let mut annotations = Map::new();
        if !self.after.is_empty() {
            annotations.insert("floe.dev/after".to_owned(), json!(self.after.join(",")));
        }
        annotations.insert("floe.dev/plan".to_owned(), json!(self.digest));
        Value::Object(annotations)
    }

    fn pod(&self) -> Value {
        let mut pod = Map::new();
        let mut set = |key: &str, value: Value| drop(pod.insert(key.to_owned(), value));
        set("restartPolicy", json!("Never"));
        match &self.wish.service_account {
            Some(account) => set("serviceAccountName", json!(account)),
            None => set("automountServiceAccountToken", json!(false)),
        }
        let needs_data = self.volume.steps.contains(&self.step.step);
        let mut security = json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
        if needs_data {
            security["fsGroup"] = json!(GROUP);
            security["fsGroupChangePolicy"] = json!("OnRootMismatch");
        }
        set("securityContext", security);
        let (mut volumes, mut mounts) = self.secrets.volumes();
        if needs_data {
            volumes.push(json!({"name": "data", "persistentVolumeClaim": {"claimName": self.volume.claim}}));
            // Each folder by its own path, so that two never share a file, whichever computes a plan has.
            mounts.extend(self.volume.folders.iter().map(|folder| {
                let sub_path = folder.as_str().trim_start_matches('/');
                json!({"name": "data", "mountPath": folder, "subPath": sub_path})
            }));
        }
        set("containers", json!([self.container(&mounts)]));
        if !volumes.is_empty() {
            set("volumes", json!(volumes));
        }
        Value::Object(pod)
    }

    fn container(&self, mounts: &[Value]) -> Value {
        let mut container = json!({
            "name": "dbt",
            "image": self.wish.image,
            "workingDir": self.wish.workdir,
            "command": self.command,
        });
        let env = self.secrets.env();
        if !env.is_empty() {
            container["env"] = json!(env);
        }
        let resources = self.prepared.session.compute(&self.step.compute).map(|compute| &compute.resources);
        if let Some(resources) = resources.and_then(|resources| resources.get(self.size().as_str())) {
            container["resources"] = resources.clone();
        }
        container["securityContext"] = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
        if !mounts.is_empty() {
            container["volumeMounts"] = json!(mounts);
        }
        container
    }

    /// The largest of what the step builds. What no transform claims is of the usual size.
    fn size(&self) -> WorkloadSize {
        let plan: &Plan = self.prepared.plan;
        let transforms = &self.prepared.session.compiled.artifacts.transforms;
        let of = |selects: &str| {
            let claimed = transforms.iter().filter(|transform| transform.selects == selects);
            let sizes = claimed.filter_map(|transform| {
                WorkloadSize::ALL.into_iter().find(|size| size.as_str() == transform.workload_size)
            });
            sizes.max()
        };
        let built = self.step.nodes.iter().filter_map(|id| plan.nodes.get(id));
        let sizes = built.map(|node| node.transform.as_deref().and_then(of).unwrap_or_default());
        sizes.max().unwrap_or_default()
    }
}
