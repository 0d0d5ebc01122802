//! What a change of status costs.

use super::*;

#[tokio::test]
async fn an_app_is_exactly_one_conditional_write_and_a_client_a_read_more() {
    for (which, bill) in [
        "UpdateItem: 0 RU, 2 WU, 1 of them the index's",
        "GetItem + UpdateItem: 1 RU, 2 WU, 1 of them the index's",
        "BatchGetItem + UpdateItem: 2 RU, 1 WU, 0 of them the index's",
    ]
    .into_iter()
    .enumerate()
    {
        let app = TestApp::new().await;
        let (made, clients) = world(&app).await;
        let path = match which {
            0 => of_app(&made),
            at => of_client(&clients[at - 1]),
        };
        result(&put(&app, &path).json(&off()).send().await, 200);
        let calls = app.recorder.take();
        assert!(calls.last().unwrap().request["ConditionExpression"].is_string());
        result(
            &put(&app, &path).json(&json!({"active": true})).send().await,
            200,
        );
        assert_eq!(app.recorder.bill(), bill, "{path}");
    }
}
