//! What every text newtype has in common, written once.
//!
//! A type brings `parse(&str) -> Result<Self, Invalid>`; every other way in goes through it, so no
//! value of the type exists that `parse` would refuse.

/// The ways in: `FromStr`, `TryFrom<String>` and `Deserialize`, all by the type's own `parse`.
macro_rules! parsed_newtype {
    ($name:ident) => {
        impl ::std::str::FromStr for $name {
            type Err = $crate::Invalid;

            fn from_str(text: &str) -> Result<Self, $crate::Invalid> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::Invalid;

            fn try_from(text: String) -> Result<Self, $crate::Invalid> {
                Self::parse(&text)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <String as ::serde::Deserialize>::deserialize(from)?;
                Self::parse(&text).map_err(::serde::de::Error::custom)
            }
        }
    };
}

/// The ways in, and the ways out of a type that wraps a `String`: `as_str`, `AsRef<str>`,
/// `Display` and `Serialize`.
macro_rules! text_newtype {
    ($name:ident) => {
        impl $name {
            /// The text, exactly as it was accepted.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(&self.0)
            }
        }

        $crate::newtype::parsed_newtype!($name);
    };
}

pub(crate) use {parsed_newtype, text_newtype};

#[cfg(test)]
#[expect(unreachable_pub, reason = "the macro is for public types")]
mod tests {
    use crate::Invalid;

    #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
    struct Vowel(String);

    impl Vowel {
        fn parse(text: &str) -> Result<Self, Invalid> {
            match text {
                "" => Err(Invalid::Empty),
                "a" | "e" | "i" | "o" | "u" => Ok(Self(text.to_owned())),
                _ => Err(Invalid::Characters("vowels")),
            }
        }
    }

    text_newtype!(Vowel);

    #[test]
    fn every_way_out_gives_the_same_text() {
        let vowel = Vowel::parse("e").unwrap();
        assert_eq!(vowel.as_str(), "e");
        assert_eq!(vowel.as_ref(), "e");
        assert_eq!(vowel.to_string(), "e");
        assert_eq!(format!("{vowel:>3}"), "  e");
        assert_eq!(serde_json::to_string(&vowel).unwrap(), "\"e\"");
    }

    #[test]
    fn every_way_in_goes_through_parse() {
        let vowel = Vowel::parse("e").unwrap();
        assert_eq!("e".parse(), Ok(vowel.clone()));
        assert_eq!(Vowel::try_from("e".to_owned()), Ok(vowel.clone()));
        assert_eq!(serde_json::from_str::<Vowel>("\"e\"").unwrap(), vowel);

        assert_eq!("x".parse::<Vowel>(), Err(Invalid::Characters("vowels")));
        assert_eq!(Vowel::try_from(String::new()), Err(Invalid::Empty));
        let error = serde_json::from_str::<Vowel>("\"x\"").unwrap_err();
        assert!(
            error.to_string().starts_with("may only contain vowels"),
            "{error}"
        );
        assert!(serde_json::from_str::<Vowel>("5").is_err());
        assert!(serde_json::from_str::<Vowel>("null").is_err());
    }
}
