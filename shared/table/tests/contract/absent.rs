//! What is another tenant's, or no longer whole, is absent.

use domain::AppId;
use table::keys;

use crate::apps::{app, code, tenant};
use crate::ground::Ground;
use crate::patterns::page_of;

#[tokio::test]
async fn an_app_of_another_tenant_is_absent() {
    let ground = Ground::new().await;
    let app = app("acme", "myapp");
    ground.table.create_app(&app, None, None).await.unwrap();
    ground.settle().await;
    let other = tenant("other");
    assert_eq!(ground.table.app(&other, &app.app_id).await.unwrap(), None);
    let by_name = ground.table.app_id_of(&other, &app.code_name).await;
    assert_eq!(by_name.unwrap(), None);
    let page = ground.table.apps_page(&page_of("other", 10)).await.unwrap();
    assert!(page.apps.is_empty() && page.next.is_none());
    // Two tenants may each have an app of one code name.
    let theirs = crate::apps::app("other", "myapp");
    ground.table.create_app(&theirs, None, None).await.unwrap();
    let ids: [Option<AppId>; 2] = [
        ground
            .table
            .app_id_of(&app.tenant_id, &code("myapp"))
            .await
            .unwrap(),
        ground
            .table
            .app_id_of(&other, &code("myapp"))
            .await
            .unwrap(),
    ];
    assert_eq!(ids, [Some(app.app_id), Some(theirs.app_id)]);
}

#[tokio::test]
async fn a_guard_without_its_app_leads_nowhere_and_an_app_without_its_guard_is_found_by_id() {
    let ground = Ground::new().await;
    let (one, two) = (app("acme", "one"), app("acme", "two"));
    for app in [&one, &two] {
        ground.table.create_app(app, None, None).await.unwrap();
    }
    ground.delete(&keys::app(&one.app_id)).await;
    let id = ground.table.app_id_of(&one.tenant_id, &one.code_name).await;
    assert_eq!(id.unwrap(), Some(one.app_id));
    assert_eq!(
        ground.table.app(&one.tenant_id, &one.app_id).await.unwrap(),
        None
    );
    let client = &one.default_client.client_id;
    assert!(ground.table.credentials(client).await.unwrap().is_none());

    let guard = keys::code_name_guard(&two.tenant_id, &two.code_name);
    ground.delete(&guard).await;
    let id = ground.table.app_id_of(&two.tenant_id, &two.code_name).await;
    assert_eq!(id.unwrap(), None);
    let found = ground.table.app(&two.tenant_id, &two.app_id).await.unwrap();
    assert_eq!(found, Some(two));
}
