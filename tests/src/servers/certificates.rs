//! Certificates for 127.0.0.1, good and bad ones.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tempfile::TempDir;

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: it is made out to `localhost` and 127.0.0.1, and holds today.
    Good,
    /// It held until 2021.
    Expired,
    /// It is made out to `elsewhere.example`.
    WrongHost,
}

/// A certificate authority of its own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

/// The PEM files of a certificate and its key.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key, for its owner alone.
    pub key: PathBuf,
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new authority, whose files go with it.
    ///
    /// # Panics
    /// Where the files cannot be written.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("floe-certificates-").tempdir().expect("a temporary folder");
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, "floe tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).expect("a certificate");
        fs::write(folder.path().join("authority.pem"), certificate.pem()).expect("the authority's file");
        Self { issuer: Issuer::new(params, key), folder }
    }

    /// The PEM file with its own certificate: who trusts that trusts what it issues.
    pub fn file(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The folder of its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Issues a certificate.
    ///
    /// # Panics
    /// Where the files cannot be written.
    pub fn issue(&self, kind: Kind) -> Certificate {
        let names = match kind {
            Kind::WrongHost => vec!["elsewhere.example".to_owned()],
            _ => vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        };
        self.certify(&names, kind, &format!("{kind:?}"))
    }

    /// A good certificate for hosts of the world's, which a proxy leads to this machine.
    ///
    /// # Panics
    /// Where it cannot be made.
    pub fn issue_for(&self, hosts: &[&str]) -> Certificate {
        let names: Vec<_> = hosts.iter().map(|host| (*host).to_owned()).collect();
        self.certify(&names, Kind::Good, hosts[0])
    }

    fn certify(&self, names: &[String], kind: Kind, file: &str) -> Certificate {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(names.to_vec()).expect("parameters");
        params.distinguished_name.push(DnType::CommonName, names[0].as_str());
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        if kind == Kind::Expired {
            params.not_before = date_time_ymd(2020, 1, 1);
            params.not_after = date_time_ymd(2021, 1, 1);
        }
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let path = |end: &str| self.folder.path().join(format!("{file}.{end}").to_lowercase());
        let files = Certificate { certificate: path("pem"), key: path("key") };
        fs::write(&files.certificate, certificate.pem()).expect("the certificate's file");
        fs::write(&files.key, key.serialize_pem()).expect("the key's file");
        files
    }
}
