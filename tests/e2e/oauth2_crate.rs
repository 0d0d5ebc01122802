//! A client library that nobody here wrote, from discovery alone: the crate `oauth2`.

use oauth2::{
    AuthType, ClientId, ClientSecret, EmptyExtraTokenFields, HttpRequest, HttpResponse,
    IntrospectionUrl, RevocationUrl, Scope, StandardRevocableToken, StandardTokenResponse,
    TokenIntrospectionResponse, TokenResponse, TokenUrl,
    basic::{BasicClient, BasicTokenType},
};

use crate::client::{Deployment, agent};

fn http(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let (head, mut body) = agent().run(request)?.into_parts();
    Ok(HttpResponse::from_parts(head, body.read_to_vec()?))
}

#[test]
fn the_crate_oauth2_gets_reads_and_revokes_a_token() {
    let deployment = Deployment::new();
    let well_known = "/.well-known/oauth-authorization-server";
    let metadata = deployment.send("GET", well_known, &[], "").expect(200);
    let url = |name: &str| metadata[name].as_str().unwrap().to_owned();
    let management = &deployment.management;
    let client = BasicClient::new(ClientId::new(management.client_id.clone()))
        .set_client_secret(ClientSecret::new(management.client_secret.clone()))
        .set_auth_type(AuthType::BasicAuth)
        .set_token_uri(TokenUrl::new(url("token_endpoint")).unwrap())
        .set_introspection_url(IntrospectionUrl::new(url("introspection_endpoint")).unwrap());
    let token: StandardTokenResponse<EmptyExtraTokenFields, BasicTokenType> = client
        .exchange_client_credentials()
        .add_scope(Scope::new("apps:read".into()))
        .request(&http)
        .unwrap();
    assert_eq!(token.expires_in().unwrap().as_secs(), 3600);
    assert_eq!(
        token.scopes().unwrap()[..],
        [Scope::new("apps:read".into())]
    );

    let found = client
        .introspect(token.access_token())
        .request(&http)
        .unwrap();
    assert!(found.active());
    assert_eq!(found.client_id().unwrap().as_str(), management.client_id);
    assert_eq!(found.iss().unwrap(), url("issuer"));

    // The crate revokes at https only (RFC 7009 §2), which a local server does not speak.
    let revocation = RevocationUrl::new(url("revocation_endpoint")).unwrap();
    let revoked = client
        .clone()
        .set_revocation_url(revocation)
        .revoke_token(StandardRevocableToken::AccessToken(
            token.access_token().clone(),
        ))
        .map(|request| request.request(&http).unwrap());
    let https = url("revocation_endpoint").starts_with("https:");
    assert_eq!(revoked.is_ok(), https);
}
