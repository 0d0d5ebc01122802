//! Each condition, refused: nothing is left behind, nothing is overwritten.

use engine::{Failure, Intercept};
use table::{CreateAppError, CreateTenantError, RootSignature, StoredHalf, StoredKey, TableError};

use crate::apps::{app, code, full, secret_of, tenant};
use crate::ground::Ground;

#[tokio::test]
async fn a_taken_code_name_leaves_nothing_behind() {
    let ground = Ground::new().await;
    let first = app("acme", "myapp");
    ground.table.create_app(&first, None, None).await.unwrap();
    let before = ground.items().await;

    let second = full("acme", "myapp");
    let (_, secret) = secret_of(&second);
    let refused = ground.table.create_app(&second, Some(&secret), None).await;
    assert_eq!(refused, Err(CreateAppError::CodeNameTaken));
    assert_eq!(refused.unwrap_err().to_string(), "the code name is taken");
    let found = ground.table.app(&second.tenant_id, &second.app_id).await;
    assert_eq!(found.unwrap(), None);
    assert_eq!(ground.items().await, before);
    ground.assert_whole().await;
}

#[tokio::test]
async fn an_app_id_is_used_once() {
    let ground = Ground::new().await;
    let first = app("acme", "first");
    ground.table.create_app(&first, None, None).await.unwrap();
    for (tenant_id, code_name) in [("acme", "second"), ("other", "first"), ("acme", "first")] {
        let mut second = full(tenant_id, code_name);
        second.app_id = first.app_id;
        second.default_client.app_id = first.app_id;
        let refused = ground.table.create_app(&second, None, None).await;
        match refused {
            Err(CreateAppError::Table(TableError::Internal(_))) => {}
            // Both conditions fail.
            Err(CreateAppError::CodeNameTaken) if code_name == "first" && tenant_id == "acme" => {}
            other => panic!("{other:?}"),
        }
        let found = ground.table.app(&first.tenant_id, &first.app_id).await;
        assert_eq!(found.unwrap().as_ref(), Some(&first));
    }
    let guard = ground
        .table
        .app_id_of(&tenant("acme"), &code("second"))
        .await;
    assert_eq!(guard.unwrap(), None);
    assert_eq!(ground.items().await.len(), 2);
    ground.assert_whole().await;
}

#[tokio::test]
async fn a_tenant_is_made_once() {
    let ground = Ground::new().await;
    let first = app("acme", "management");
    let (_, secret) = secret_of(&first);
    ground.table.create_tenant(&first, &secret).await.unwrap();
    let before = ground.items().await;
    for code_name in ["management", "other"] {
        let second = full("acme", code_name);
        let (_, secret) = secret_of(&second);
        let refused = ground.table.create_tenant(&second, &secret).await;
        assert_eq!(refused, Err(CreateTenantError::Exists));
    }
    assert_eq!(ground.items().await, before);
    assert_eq!(ground.items().await.len(), 3);
}

#[tokio::test]
async fn a_tenant_whose_app_cannot_be_made_is_not_made() {
    let ground = Ground::new().await;
    ground
        .table
        .create_app(&app("acme", "management"), None, None)
        .await
        .unwrap();
    let second = app("acme", "management");
    let (_, secret) = secret_of(&second);
    let refused = ground.table.create_tenant(&second, &secret).await;
    assert!(matches!(
        refused,
        Err(CreateTenantError::Table(TableError::Internal(_)))
    ));
    assert_eq!(ground.table.tenant(&tenant("acme")).await.unwrap(), None);
    assert_eq!(ground.items().await.len(), 2);
}

#[tokio::test]
async fn secrets_are_reset_only_where_an_app_is() {
    let ground = Ground::new().await;
    let app = app("acme", "myapp");
    let (_, secret) = secret_of(&app);
    assert!(
        !ground
            .table
            .reset_secrets(&app.app_id, &secret)
            .await
            .unwrap()
    );
    assert!(ground.items().await.is_empty());

    // Another kind of item under the app's key is left alone.
    ground.table.create_app(&app, None, None).await.unwrap();
    let mut other = ground.stored(&app).await;
    other.insert("kind".into(), crate::ground::s("code_name"));
    ground.put(other.clone()).await;
    assert!(
        !ground
            .table
            .reset_secrets(&app.app_id, &secret)
            .await
            .unwrap()
    );
    assert_eq!(ground.stored(&app).await, other);
}

#[tokio::test]
async fn a_signing_key_is_added_once_and_never_replaced() {
    let ground = Ground::new().await;
    let key = |public: u8| StoredKey {
        kid: "kid-1".into(),
        public_key: vec![public; 65],
        created_at: app("acme", "a").created_at,
        signs_from: app("acme", "a").created_at,
        signatures: Vec::new(),
    };
    let half = |private: u8| StoredHalf {
        kid: "kid-1".into(),
        sealed_private_key: vec![private; 90],
    };
    let table = &ground.table;
    assert!(
        table
            .add_signing_key(&key(1), &half(1), None)
            .await
            .unwrap()
    );
    for latest in [None, Some("kid-1"), Some("another")] {
        let again = table.add_signing_key(&key(2), &half(2), latest).await;
        assert!(!again.unwrap(), "{latest:?}");
    }
    assert_eq!(table.signing_keys().await.unwrap().keys, [key(1)]);
    assert_eq!(table.signing_key_halves().await.unwrap(), [half(1)]);
}

#[tokio::test]
async fn a_private_half_is_sealed_anew_only_as_it_was_read_and_a_removed_key_stays_removed() {
    let ground = Ground::new().await;
    let table = &ground.table;
    let half = |private: u8| StoredHalf {
        kid: "kid-1".into(),
        sealed_private_key: vec![private; 90],
    };
    let key = StoredKey {
        kid: "kid-1".into(),
        public_key: vec![1; 65],
        created_at: app("acme", "a").created_at,
        signs_from: app("acme", "a").created_at,
        signatures: Vec::new(),
    };
    table.add_signing_key(&key, &half(1), None).await.unwrap();
    table.reseal(&half(1), vec![2; 90]).await.unwrap();
    // Of two runs at once the second finds it done; so does a write that is sent again.
    table.reseal(&half(1), vec![3; 90]).await.unwrap();
    assert_eq!(table.signing_key_halves().await.unwrap(), [half(2)]);
    let signed = RootSignature {
        version: 2,
        signature: vec![5; 64],
    };
    let signatures = std::slice::from_ref(&signed);
    table.sign_public_half("kid-1", signatures).await.unwrap();
    assert_eq!(
        table.signing_keys().await.unwrap().keys[0].signatures,
        signatures
    );
    table.remove_signing_key("kid-1").await.unwrap();
    table.sign_public_half("kid-1", signatures).await.unwrap();
    table.reseal(&half(2), vec![3; 90]).await.unwrap();
    assert!(table.signing_keys().await.unwrap().keys.is_empty());
    assert!(table.signing_key_halves().await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_new_signing_key_leaves_it_added() {
    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    let key = StoredKey {
        kid: "kid-1".into(),
        public_key: vec![4; 65],
        created_at: app("acme", "a").created_at,
        signs_from: app("acme", "a").created_at,
        signatures: Vec::new(),
    };
    let half = StoredHalf {
        kid: "kid-1".into(),
        sealed_private_key: vec![9; 90],
    };
    let lost = [Intercept::ExecuteThenFail(Failure::Io)];
    watcher.script("TransactWriteItems", lost);
    assert_eq!(
        ground.table.add_signing_key(&key, &half, None).await,
        Ok(true)
    );
    let read = ground.table.signing_keys().await.unwrap();
    assert_eq!(read.keys, [key]);
    assert_eq!(ground.table.signing_key_halves().await.unwrap(), [half]);
}
