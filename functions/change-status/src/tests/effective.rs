//! Whether a client can work, which hangs on two switches.

use super::*;

#[tokio::test]
async fn a_client_of_an_app_that_is_off_is_active_and_not_effective() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    let on = json!({"active": true});
    let shown = result(&put(&app, &of_app(&made)).json(&off()).send().await, 200);
    assert_eq!(
        (&shown["active"], &shown["effective"]),
        (&json!(false), &json!(false))
    );
    for client in &clients {
        let path = format!("/v1/clients/{client}/status");
        let shown = result(&put(&app, &path).json(&on).send().await, 200);
        assert_eq!(
            (&shown["active"], &shown["effective"]),
            (&json!(true), &json!(false))
        );
    }
    // The app's answer is about its default client: its switch counts there, another client's does not.
    for (client, effective) in [(&clients[1], true), (&clients[0], false)] {
        let path = format!("/v1/clients/{client}/status");
        result(&put(&app, &path).json(&off()).send().await, 200);
        let shown = result(&put(&app, &of_app(&made)).json(&on).send().await, 200);
        assert_eq!(
            (&shown["active"], &shown["effective"]),
            (&json!(true), &json!(effective))
        );
    }
}
