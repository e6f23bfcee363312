//! x
#[test]
fn dump() {
    std::fs::create_dir_all("crds").unwrap();
    let mut out = Vec::new();
    authkeeper::cli::crds::print(authkeeper::cli::crds::Format::Yaml, &mut out).unwrap();
    std::fs::write("crds/authenticationconfigurations.authkeeper.dev.yaml", out).unwrap();
    let n = serde_json::to_string(&authkeeper::api::crds()[0])
        .unwrap()
        .len();
    eprintln!("SIZE {n}");
}
