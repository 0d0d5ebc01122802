//! Guards and tenants that can't be read.

use domain::TenantId;
use table::{TableError, keys};

use crate::apps::{app, secret_of, tenant};
use crate::ground::{Ground, n, s};

#[tokio::test]
async fn a_corrupt_guard_or_tenant_is_neither_absent_nor_another_thing() {
    let ground = Ground::new().await;
    let app = app("acme", "management");
    let (_, secret) = secret_of(&app);
    ground.table.create_tenant(&app, &secret).await.unwrap();
    let acme: TenantId = tenant("acme");
    for key in [
        keys::code_name_guard(&acme, &app.code_name),
        keys::tenant(&acme),
    ] {
        let good = ground.at_key(&key).await.unwrap();
        let id = if good.contains_key("app_id") {
            "app_id"
        } else {
            "management_app_id"
        };
        let with = |name: &str, value| {
            let mut bad = good.clone();
            bad.insert(name.to_owned(), value);
            bad
        };
        let without = |name: &str| {
            let mut bad = good.clone();
            bad.remove(name);
            bad
        };
        let upper = app.app_id.to_string().to_uppercase();
        for bad in [
            with("kind", s("app")),
            with("kind", n("1")),
            without("kind"),
            with("schema", n("2")),
            with("schema", s("1")),
            without("schema"),
            with(id, n("1")),
            with(id, s("")),
            with(id, s("x")),
            with(id, s(&upper)),
            without(id),
        ] {
            let what = format!("{bad:?}");
            ground.put(bad).await;
            let failed = if id == "app_id" {
                ground
                    .table
                    .app_id_of(&acme, &app.code_name)
                    .await
                    .map(drop)
            } else {
                ground.table.tenant(&acme).await.map(drop)
            };
            match failed {
                Err(TableError::Corrupt { key: named, .. }) => {
                    assert_eq!(named, format!("{}/{}", key.pk, key.sk));
                }
                other => panic!("{what}: {other:?}"),
            }
        }
    }
}
