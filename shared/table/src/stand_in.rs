//! What an unknown client costs: where no item is found, one of ordinary size is read and decoded, so that the
//! time of an answer does not tell whether a client id is known.

use std::collections::HashMap;

use domain::{AppId, ClientId};
use ring::digest;

use crate::{
    guard::ClientIdPointer,
    item::{Item, decode},
    keys::Key,
    sdk::item_of,
};

/// An app with its default client and a secret, as `GetItem` answers it.
const APP: &str = include_str!("stand_in/app.json");
/// A further client with a secret.
const CLIENT: &str = include_str!("stand_in/client.json");
/// What a chosen client id leads to.
const POINTER: &str = include_str!("stand_in/pointer.json");

/// Puts a stand-in where an item of `wanted`, which are a client and its app, is absent; whether one was.
pub(crate) fn fill(items: &mut HashMap<String, Item>, wanted: &[Key]) -> bool {
    let mut any = false;
    for (at, key) in wanted.iter().enumerate() {
        if !items.contains_key(&key.sk) {
            any = true;
            // The app is always the first.
            let item = item_of(if at == 0 { APP } else { CLIENT });
            items.extend(item.map(|item| (key.sk.clone(), item)));
        }
    }
    any
}

/// Reads what a chosen id that somebody has leads to.
pub(crate) fn pointer() {
    if let Some(item) = item_of(POINTER) {
        std::hint::black_box(decode::<ClientIdPointer>(item).ok());
    }
}

/// The id of an app that is not there: where a chosen id leads that nobody has. It looks like any other, and
/// each such id has its own, so that no partition is asked more than others.
pub(crate) fn app_id(id: &ClientId) -> AppId {
    let hash = digest::digest(&digest::SHA256, id.as_str().as_bytes());
    let mut ms = [0; 8];
    let mut random = [0; 10];
    let (first, rest) = hash.as_ref().split_at(6);
    ms.iter_mut()
        .skip(2)
        .zip(first)
        .for_each(|(to, from)| *to = *from);
    random
        .iter_mut()
        .zip(rest)
        .for_each(|(to, from)| *to = *from);
    AppId::generate(u64::from_be_bytes(ms), random)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clients::{client_keys, credentials_of},
        record::WITH_SECRETS,
    };

    #[test]
    fn a_stand_in_decodes_like_a_client_with_a_secret() {
        let app_id = AppId::generate(1, [1; 10]);
        for id in [
            ClientId::default_of(&app_id),
            ClientId::generate(&app_id, 1, [1; 5]),
        ] {
            let mut items = HashMap::new();
            let wanted = client_keys(&app_id, &id);
            assert!(fill(&mut items, &wanted));
            assert!(!fill(&mut items, &wanted));
            let found = credentials_of(items, &id, app_id, &WITH_SECRETS).unwrap();
            let found = found.unwrap();
            assert_eq!(found.secrets.len(), 1);
            assert_eq!(found.principal.client.client_id, id);
        }
        let pointer = item_of(POINTER).unwrap();
        decode::<ClientIdPointer>(pointer).unwrap();
    }

    #[test]
    fn a_chosen_id_that_nobody_has_leads_to_an_app_of_its_own() {
        let id = |text| app_id(&ClientId::chosen(text).unwrap());
        assert_eq!(id("one"), id("one"));
        assert_ne!(id("one"), id("two"));
        assert_eq!(AppId::parse(&id("one").to_string()).unwrap(), id("one"));
    }
}
