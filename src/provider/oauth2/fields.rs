//! The fields that are looked up by default. Which of them are required depends on what the block states itself.

use super::{ClientAuth, OAuth2};
use crate::field::DefaultField;

const COUNT: usize = 6;

/// The credential stands first, so that a public client can leave it out.
const fn table(principal: bool, endpoint: bool) -> [DefaultField; COUNT] {
    let client_id = DefaultField::principal("ClientId");
    let token_endpoint = DefaultField::auxiliary("TokenEndpoint")
        .also(&["TokenUrl"])
        .destination();
    [
        DefaultField::credential("ClientSecret"),
        if principal {
            client_id
        } else {
            client_id.optional()
        },
        if endpoint {
            token_endpoint.needed()
        } else {
            token_endpoint
        },
        DefaultField::auxiliary("Scope").also(&["Scopes"]),
        DefaultField::auxiliary("Audience"),
        DefaultField::auxiliary("Resource"),
    ]
}

/// By: does the block lack a client id, and does it lack a token endpoint?
static TABLES: [[[DefaultField; COUNT]; 2]; 2] = [
    [table(false, false), table(false, true)],
    [table(true, false), table(true, true)],
];

// === impl OAuth2 ===

impl OAuth2 {
    pub(super) fn fields(&self) -> &'static [DefaultField] {
        let table = &TABLES[usize::from(self.client_id.is_none())]
            [usize::from(self.token_endpoint.is_none())];
        match self.client_auth.unwrap_or_default() {
            ClientAuth::None => &table[1..],
            ClientAuth::Auto | ClientAuth::ClientSecretBasic | ClientAuth::ClientSecretPost => {
                table
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::Role;

    fn required(config: &OAuth2) -> Vec<&'static str> {
        let fields = config.fields().iter();
        fields.filter(|f| f.required).map(|f| f.name).collect()
    }

    #[test]
    fn what_the_block_states_is_not_required_of_the_sources() {
        let mut config = OAuth2::default();
        assert_eq!(
            required(&config),
            ["ClientSecret", "ClientId", "TokenEndpoint"]
        );
        config.client_id = Some("orders".into());
        config.token_endpoint = Some("https://idp.test/token".into());
        assert_eq!(required(&config), ["ClientSecret"]);
        config.client_auth = Some(ClientAuth::None);
        assert_eq!(required(&config), [""; 0]);
    }

    #[test]
    fn an_address_of_a_source_is_a_destination() {
        for field in OAuth2::default().fields() {
            assert_eq!(field.destination, field.name == "TokenEndpoint");
            assert_eq!(field.sensitive, field.role == Role::Credential);
        }
    }
}
