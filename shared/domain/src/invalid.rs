//! The one error of every `parse`: why a value is refused, said so that its sender can mend it.

use thiserror::Error;

/// What a range counts: nothing but itself.
pub const NUMBER: &str = "a whole number";
/// What a range counts: a time, in seconds.
pub const SECONDS: &str = "a whole number of seconds";
/// What a range counts: a time, in minutes.
pub const MINUTES: &str = "a whole number of minutes";
/// What a range counts: things on a page.
pub const ITEMS: &str = "a whole number of items";

/// Why a single value is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Invalid {
    /// A required member is absent.
    #[error("is required")]
    Required,
    /// A member that is required in this case is absent; the text says in which, and what to send.
    #[error("is required {0}")]
    RequiredHere(&'static str),
    /// A member that the operation does not know.
    #[error("is not a member of this request; remove it or check its spelling")]
    Unknown,
    /// A JSON value of another type than the one wanted.
    #[error("must be {0}")]
    Type(&'static str),
    /// Nothing, or white space only, where text is needed.
    #[error("must not be empty")]
    Empty,
    /// Longer than allowed; the unit is characters for text, bytes for the ASCII types.
    #[error("must be at most {0} characters long")]
    TooLong(usize),
    /// Shorter than allowed, in characters.
    #[error("must be at least {0} characters long")]
    TooShort(usize),
    /// More list items than allowed.
    #[error("must have at most {0} items")]
    TooMany(usize),
    /// The same item twice in a list that is a set.
    #[error("is listed twice")]
    Duplicate,
    /// The same member twice in an object.
    #[error("is there twice; send it once")]
    Repeated,
    /// A character that the type does not allow; the text names the allowed ones.
    #[error("may only contain {0}")]
    Characters(&'static str),
    /// None of the values of an enumeration; the text lists them.
    #[error("must be one of: {0}")]
    Choice(&'static str),
    /// A list without a value that it must have.
    #[error("must name {0}")]
    Lacks(&'static str),
    /// A number outside its range; the text says what is counted: [`NUMBER`] or one of its kind.
    #[error("must be {0} from {1} to {2}")]
    Range(&'static str, i64, i64),
    /// Null, which is no value; the text says what to do instead.
    #[error("must not be null; {0}")]
    Null(&'static str),
    /// A member that answers show and no request sets; the text says what changes it.
    #[error("is read-only: {0}")]
    ReadOnly(&'static str),
    /// No redirect URI, where a grant sends users back to one. Dialects say it in words of their own.
    #[error(
        "needs at least one URI, because a grant of this client sends users back to one; add one"
    )]
    NoRedirectUri,
    /// A URI that breaks a rule; the text says which.
    #[error("{0}")]
    Uri(&'static str),
    /// A value that contradicts another one; the text says how to mend it.
    #[error("{0}")]
    Conflict(&'static str),
    /// A key of a JWK set that can't be used; the text says what to do about it.
    #[error("{0}")]
    Key(&'static str),
    /// What goes beyond the faults that are listed: how many.
    #[error("has {0} more faults, which are not listed")]
    More(usize),
}

impl Invalid {
    /// A stable word for programs, the `code` of an error in every dialect.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Required | Self::RequiredHere(_) => "required",
            Self::Unknown => "unknown_member",
            Self::ReadOnly(_) => "read_only",
            Self::Type(_) | Self::Null(_) => "wrong_type",
            Self::Empty => "empty",
            Self::TooLong(_) => "too_long",
            Self::TooShort(_) => "too_short",
            Self::TooMany(_) => "too_many",
            Self::Duplicate => "duplicate",
            Self::Repeated => "repeated",
            Self::Characters(_) => "invalid_characters",
            Self::Choice(_) => "invalid_choice",
            Self::Range(..) => "out_of_range",
            Self::Uri(_) => "invalid_uri",
            Self::Conflict(_) | Self::Lacks(_) | Self::NoRedirectUri => "conflict",
            Self::Key(_) => "unusable_key",
            Self::More(_) => "more",
        }
    }
}
