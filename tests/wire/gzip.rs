//! The gzip format (RFC 1952), with its contents as they are: a decoder would find a good answer in it.

/// Packs no more than 65,535 bytes, in one stored block (RFC 1951, section 3.2.4).
pub fn gzip(contents: &[u8]) -> Vec<u8> {
    let size = u16::try_from(contents.len()).expect("one block");
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let block = [&[1], &size.to_le_bytes()[..], &(!size).to_le_bytes(), contents].concat();
    [&head, &block[..], &crc32(contents).to_le_bytes(), &u32::from(size).to_le_bytes()].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    })
}

#[test]
fn what_is_packed_is_what_another_program_unpacks() {
    // `printf 123456789 | gzip -n | tail -c 8`, and the check value of the CRC's own definition.
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    assert_eq!(gzip(b"123456789")[24..], [0x26, 0x39, 0xf4, 0xcb, 9, 0, 0, 0]);
}
