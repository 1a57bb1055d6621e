//! As much of Protocol Buffers as a test needs: a message is a list of numbered fields.

#[derive(Debug)]
enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Four or eight bytes, which nobody asks for here.
    Fixed,
}

#[derive(Debug)]
pub struct Message<'a>(Vec<(u64, Value<'a>)>);

impl<'a> Message<'a> {
    pub fn of(mut bytes: &'a [u8]) -> Self {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let tag = varint(&mut bytes);
            let value = match tag & 7 {
                0 => Value::Number(varint(&mut bytes)),
                1 => fixed(&mut bytes, 8),
                2 => {
                    let length = usize::try_from(varint(&mut bytes)).unwrap();
                    let (value, rest) = bytes.split_at(length);
                    bytes = rest;
                    Value::Bytes(value)
                }
                5 => fixed(&mut bytes, 4),
                other => panic!("a wire type that is no more in use: {other}"),
            };
            fields.push((tag >> 3, value));
        }
        Message(fields)
    }

    pub fn messages(&self, field: u64) -> impl Iterator<Item = Message<'a>> + use<'a> {
        let all: Vec<_> = self.all(field).map(Message::of).collect();
        all.into_iter()
    }

    pub fn bytes(&self, field: u64) -> &'a [u8] {
        self.all(field).next().unwrap_or_default()
    }

    pub fn text(&self, field: u64) -> String {
        String::from_utf8(self.bytes(field).to_vec()).unwrap()
    }

    pub fn number(&self, field: u64) -> Option<u64> {
        self.0.iter().find_map(|(number, value)| match value {
            Value::Number(value) if *number == field => Some(*value),
            _ => None,
        })
    }

    fn all(&self, field: u64) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter_map(move |(number, value)| match value {
            Value::Bytes(bytes) if *number == field => Some(*bytes),
            _ => None,
        })
    }
}

fn fixed<'a>(bytes: &mut &'a [u8], length: usize) -> Value<'a> {
    *bytes = &bytes[length..];
    Value::Fixed
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut number = 0;
    for shift in (0..).step_by(7) {
        let (byte, rest) = bytes.split_first().expect("a number ends");
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return number;
        }
    }
    unreachable!("the loop has no end")
}
