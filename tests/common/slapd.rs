//! An OpenLDAP server of the test's own: a directory of 300 people and 12 groups, behind a Unix socket.

use std::{
    env,
    fmt::Write as _,
    fs,
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

pub const BASE: &str = "dc=acme,dc=example";
pub const PASSWORD: &str = "a password of the test";
pub const PEOPLE: usize = 300;
pub const GROUPS: usize = 12;
/// May read and write all of it.
pub const CONNECTOR: &str = "cn=bridge,ou=services,dc=acme,dc=example";
/// The same, but is given 100 entries at most.
pub const NARROW: &str = "cn=narrow,ou=services,dc=acme,dc=example";

/// A running server. It ends with the value.
pub struct Slapd {
    files: TempDir,
    server: Child,
}

impl Slapd {
    /// Starts one; `None` where there is no slapd. With `BRIDGE_REQUIRE_TOOLS` set that is a failure.
    pub fn start() -> Option<Slapd> {
        let Some(slapd) = program("slapd") else {
            assert!(
                env::var_os("BRIDGE_REQUIRE_TOOLS").is_none(),
                "BRIDGE_REQUIRE_TOOLS is set, and slapd is not installed (Debian: apt-get install slapd)"
            );
            eprintln!("SKIPPED: slapd is not installed, so nothing was tested (Debian: apt-get install slapd)");
            return None;
        };
        let files = TempDir::new().unwrap();
        let (config, content, data) =
            (files.path().join("slapd.conf"), files.path().join("ldif"), files.path().join("data"));
        fs::create_dir(&data).unwrap();
        fs::write(&config, configuration(files.path())).unwrap();
        fs::write(&content, directory()).unwrap();
        // slapadd is slapd under another name.
        let mut fill = Command::new(&slapd);
        fill.arg("-Tadd").arg("-q").arg("-f").arg(&config).arg("-l").arg(&content);
        let filled = fill.output().unwrap();
        assert!(filled.status.success(), "{}", String::from_utf8_lossy(&filled.stderr));

        let mut serve = Command::new(&slapd);
        // With a level given it stays in the foreground: the process that is ended in the end is the server.
        serve.arg("-d0").arg("-f").arg(&config).arg("-h").arg(url(files.path()));
        let server = serve.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut running = Slapd { files, server };
        running.wait_until_it_listens();
        Some(running)
    }

    pub fn url(&self) -> String {
        url(self.files.path())
    }

    fn wait_until_it_listens(&mut self) {
        let started = Instant::now();
        while UnixStream::connect(socket(self.files.path())).is_err() {
            assert!(
                self.server.try_wait().unwrap().is_none(),
                "slapd ended at once: see {}",
                self.files.path().display()
            );
            assert!(started.elapsed() < Duration::from_secs(30), "slapd does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// System programs stand in places that are not in everybody's `PATH`.
fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/lib/openldap".into()]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn socket(files: &Path) -> PathBuf {
    files.join("socket")
}

fn url(files: &Path) -> String {
    format!("ldapi://{}", socket(files).display().to_string().replace('/', "%2F"))
}

fn configuration(files: &Path) -> String {
    let existing = |folders: &[&'static str]| folders.iter().copied().find(|folder| Path::new(folder).is_dir());
    let schema = existing(&["/etc/ldap/schema", "/etc/openldap/schema"]).expect("slapd comes with its schema");
    let modules =
        existing(&["/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap"]).expect("and with its modules");
    let files = files.display();
    format!(
        "include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
moduleload ppolicy
pidfile {files}/pid
database mdb
suffix {BASE}
directory {files}/data
rootdn cn=root,{BASE}
index objectClass,entryUUID,uid,member eq
limits dn.exact={NARROW} size.soft=100 size.hard=100
access to attrs=userPassword by dn.exact={CONNECTOR} write by anonymous auth by * none
access to * by dn.exact={CONNECTOR} write by dn.exact={NARROW} read by anonymous auth by * none
overlay ppolicy
ppolicy_default cn=default,ou=policies,{BASE}
"
    )
}

/// The directory as LDIF. Everybody is in one group or two; each group has the connector as a member, so that it may lose
/// all others.
fn directory() -> String {
    let mut ldif = format!("dn: {BASE}\nobjectClass: domain\ndc: acme\n\n");
    for unit in ["people", "groups", "services", "policies"] {
        write!(ldif, "dn: ou={unit},{BASE}\nobjectClass: organizationalUnit\nou: {unit}\n\n").unwrap();
    }
    for service in [CONNECTOR, NARROW] {
        let name = &service[3..9];
        write!(ldif, "dn: {service}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: {name}\n")
            .unwrap();
        write!(ldif, "userPassword: {PASSWORD}\n\n").unwrap();
    }
    write!(ldif, "dn: cn=default,ou=policies,{BASE}\nobjectClass: device\nobjectClass: pwdPolicy\ncn: default\n")
        .unwrap();
    ldif.push_str("pwdAttribute: userPassword\npwdLockout: TRUE\npwdMustChange: TRUE\n\n");
    for number in 0..PEOPLE {
        let first = ["Ann", "Bo", "Cai", "Dina", "Eli"][number % 5];
        write!(ldif, "dn: uid=p{number},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: p{number}\n").unwrap();
        write!(ldif, "cn: {first} Lee\nsn: Lee\ngivenName: {first}\nmail: p{number}@acme.example\n").unwrap();
        writeln!(ldif, "userPassword: {PASSWORD}").unwrap();
        if number % 20 == 19 {
            ldif.push_str("pwdAccountLockedTime: 000001010000Z\n");
        }
        ldif.push('\n');
    }
    for group in 0..GROUPS {
        write!(ldif, "dn: cn=g{group},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: g{group}\n").unwrap();
        writeln!(ldif, "member: {CONNECTOR}").unwrap();
        for number in (0..PEOPLE).filter(|number| number % GROUPS == group || (number % 10 == 0 && number % 7 == group))
        {
            writeln!(ldif, "member: UID=p{number}, ou=people,{BASE}").unwrap();
        }
        ldif.push('\n');
    }
    ldif
}
