//! The keys of type `kubernetes.io/basic-auth`.

use super::{Data, Shape, bytes, login::login};
use crate::target::fault::Fault;

pub(super) fn data(shape: &Shape<'_>) -> Result<Data, Fault> {
    let (username, password) = login(shape)?;
    Ok(Data::from([
        ("username".to_owned(), bytes(username)),
        ("password".to_owned(), bytes(password)),
    ]))
}
