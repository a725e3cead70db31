//! Reads the rows of a table.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};

/// A map in the order of the file.
pub(super) struct NamedRows<T>(Vec<(String, T)>);

impl<T> NamedRows<T> {
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, row)| (name.as_str(), row))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for NamedRows<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<(String, T)> for NamedRows<T> {
    fn from_iter<I: IntoIterator<Item = (String, T)>>(rows: I) -> Self {
        Self(rows.into_iter().collect())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NamedRows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowsVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for RowsVisitor<T> {
            type Value = NamedRows<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a map of rows")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut rows: Vec<(String, T)> = Vec::new();
                while let Some((name, row)) = map.next_entry::<String, T>()? {
                    if rows.iter().any(|(other, _)| *other == name) {
                        return Err(A::Error::custom(format!("two rows are named {name}")));
                    }
                    rows.push((name, row));
                }
                Ok(NamedRows(rows))
            }
        }

        deserializer.deserialize_map(RowsVisitor(PhantomData))
    }
}
