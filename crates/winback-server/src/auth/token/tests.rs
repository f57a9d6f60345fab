//! One token that another program made, with what of it may not be changed. More are made and judged in the tests
//! from outside, where Python is at hand.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// The public key of a pair that was made for this test and thrown away; its exponent is 65537.
const MODULUS: &str = "xSG_Q4k8nkNxVRMRnVNLbrj_xu7Z0ee5yk7Rgtj8cIoP22e73l1OXS0gBnauQ67H5ZbW6ywYTycw4Hj836reIq8w8Kpl78_I5qrg\
     sqZ1BP-9aGwro75iKhLlrrtZc8ZKVx9Zwxa6WpHSZwnduoZ8BlcHhBmTWBqIByXZcRcdPNlJrsPjSEVYzHG6Xr5SX5tfDYLNIa9L\
     WCQccL0VCQOD3vX0wgRClKGQUpTR7yvVrrX3Uf1gCvoB1p44XL0pmf7q6BgMyg8LNyz_Tlc9UZyhr-UsqoqdzMzIDrCU5URzIgcv\
     M747W85NUps3wi-_PZjJfOCZv_XdLNMD7SDS8o9mbw";
/// Signed by it with RS256, issued at [`NOW`] for an hour.
const GOOD: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmdvb2dsZS5jb20i\
     LCJhdWQiOiJodHRwczovL2NodXJuLmV4YW1wbGUvZXZlbnRzIiwiZW1haWwiOiJwdXNoQGFjbWUuZXhhbXBsZSIsImVtYWlsX3Zl\
     cmlmaWVkIjp0cnVlLCJzdWIiOiIxMTMiLCJpYXQiOjE3OTUzMjcyMDAsImV4cCI6MTc5NTMzMDgwMH0.OezBEdexNQ5glwnk0Q-B\
     f0MsVjnlvUAfwxQfheJjomCbB21715gd3wHXimU78vqw8nyEfkfVgq0U7u8fWLxvfH3BP43G7IalSSqAVXJog_EwDcWr3KY3INE3\
     NoCiKjYhIEo9jBAcA4QNOpVbboNjPhXQQrkeLmEAw6NVuf0z_BeLeEGN6F4meigBUxm3lPVhTmEZXloBUPsUKdtf5lR4FR8vy7Jy\
     a-cw9YUMyK3F4wdGvVehGWAxwJE5wXpF2DEVQca2R376iTL3ObwJ7L-jkyKRK70X7talX4R1zi0u_Ssr719y15Gj0qR_uIU1Yml3\
     Xt4Q2O9WPjAu4rLz_-AssA";
/// The same, except that its e-mail is not verified.
const UNVERIFIED: &str = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmdvb2dsZS5jb20i\
     LCJhdWQiOiJodHRwczovL2NodXJuLmV4YW1wbGUvZXZlbnRzIiwiZW1haWwiOiJwdXNoQGFjbWUuZXhhbXBsZSIsImVtYWlsX3Zl\
     cmlmaWVkIjpmYWxzZSwic3ViIjoiMTEzIiwiaWF0IjoxNzk1MzI3MjAwLCJleHAiOjE3OTUzMzA4MDB9.iclZDqWcve6W-5XcTiv\
     7uIzJOm7LFk9_B_YqrIYXsUA6dSGNOC6g2zfnYbftU-ONYD8vxH09QD5__xIu3xlR1X60mRuwLdol2fxkk9FLIjcpspDGZolQOxW\
     KTmqv8u7BBe6PziZQLaPy3zdJ286dNoX8AfvCswVkY4dSUUZDM6-IOGWy4mKZCpLFUHVWig2oiffltJWKYzZ6EybaHWSvq5-5bqe\
     Chm_pSVQuaMZRedUl6hWp_XoUK3phzEhVtjqxhwq2NHCOM6-lypGtKc_xQkeqsslQ_RRaAqmXgIUH92289BJbloYeZOwOjFu_oKN\
     -L-mXn88OFM7liMWs7l7ClA";
/// The same as the good one, signed with RS512.
const OTHER_ALGORITHM: &str = "eyJhbGciOiJSUzUxMiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJodHRwczovL2FjY291bnRzLmdvb2dsZS5jb20i\
     LCJhdWQiOiJodHRwczovL2NodXJuLmV4YW1wbGUvZXZlbnRzIiwiZW1haWwiOiJwdXNoQGFjbWUuZXhhbXBsZSIsImVtYWlsX3Zl\
     cmlmaWVkIjp0cnVlLCJzdWIiOiIxMTMiLCJpYXQiOjE3OTUzMjcyMDAsImV4cCI6MTc5NTMzMDgwMH0.R_f5mog92XpP3FuG_Cnq\
     s7qvjsGNbZmqxPnR-GypAcS9oShdsWzUCb1rGltJZhX8XYUiJPcuMgQ0kyDXz_ygUJcwciC7qUFuzh3BqLTlZuH5ewdjSdGmey2V\
     ZhefS8hOYkuus9J254qYDpEPubEvzqJymjFQcp22ZvzmztMg_Trr2GRz9zU9fwLfajR7va56nXTMlBXfPkbpzKkC4Zl72VxnBV5k\
     WEQC2RxMUKFQd32pQWM2WedE5tUJnjpQuhYS3H8ztPn9TnvbOEo5exoZxRqxnsLlyF9tfmkoM2yy2wH8gyxtZ1zNsH3eGoGgenqK\
     RnWjoRUsZfU0ps54tW3idA";
const NOW: i64 = 1_795_327_200;

fn key() -> Key {
    Key { modulus: URL_SAFE_NO_PAD.decode(MODULUS).unwrap(), exponent: vec![1, 0, 1] }
}

fn verify() -> Verify {
    Verify::google("https://churn.example/events", "push@acme.example")
}

fn judged(token: &str, verify: &Verify, now: i64) -> Result<(), Denied> {
    Token::parse(token)?.verify(&key(), verify, Timestamp::from_second(now).unwrap())
}

/// The good token with another header.
fn with_header(header: &str) -> String {
    let (_, rest) = GOOD.split_once('.').unwrap();
    format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header))
}

#[test]
fn a_good_token_is_accepted_while_it_lasts() {
    for (seconds, expected) in [
        (-61, Err(Denied::Future)),
        (-60, Ok(())),
        (0, Ok(())),
        (3600, Ok(())),
        (3659, Ok(())),
        (3660, Err(Denied::Expired)),
    ] {
        assert_eq!(judged(GOOD, &verify(), NOW + seconds), expected, "{seconds}");
    }
    let strict = Verify { leeway: Duration::ZERO, ..verify() };
    assert_eq!(judged(GOOD, &strict, NOW + 3600), Err(Denied::Expired));
    assert_eq!(judged(GOOD, &strict, NOW - 1), Err(Denied::Future));
}

#[test]
fn each_claim_is_compared_to_the_letter() {
    for (verify, expected) in [
        (Verify { audience: "https://churn.example/events/".to_owned(), ..verify() }, Denied::Audience),
        (Verify { audience: "https://churn.example".to_owned(), ..verify() }, Denied::Audience),
        (Verify { issuers: vec!["accounts.google.com".to_owned()], ..verify() }, Denied::Issuer),
        (Verify { email: "Push@acme.example".to_owned(), ..verify() }, Denied::Sender),
    ] {
        assert_eq!(judged(GOOD, &verify, NOW), Err(expected));
    }
    assert_eq!(judged(UNVERIFIED, &verify(), NOW), Err(Denied::Sender));
}

#[test]
fn the_token_does_not_choose_its_algorithm() {
    assert_eq!(judged(OTHER_ALGORITHM, &verify(), NOW), Err(Denied::Algorithm));
    for algorithm in ["none", "None", "HS256", "rs256", "PS256", ""] {
        let token = with_header(&format!(r#"{{"alg":"{algorithm}","kid":"k1"}}"#));
        assert_eq!(judged(&token, &verify(), NOW), Err(Denied::Algorithm), "{algorithm}");
    }
    // The signature covers the header too.
    assert_eq!(judged(&with_header(r#"{"alg":"RS256","kid":"k1"}"#), &verify(), NOW), Err(Denied::Signature));
}

#[test]
fn what_is_no_token_of_three_parts_is_refused() {
    let (signed, _) = GOOD.rsplit_once('.').unwrap();
    for token in [
        String::new(),
        "..".to_owned(),
        signed.to_owned(),
        format!("{GOOD}."),
        format!("{GOOD}="),
        format!("{GOOD}.e30"),
        format!(".{GOOD}"),
        with_header(r#"{"alg":"RS256"}"#),
        with_header(r#"{"alg":"RS256","kid":"k1","crit":["b64"],"b64":false}"#),
        with_header(r#"{"alg":"none","alg":"RS256","kid":"k1"}"#),
        "x".repeat(LONGEST + 1),
    ] {
        assert_eq!(judged(&token, &verify(), NOW), Err(Denied::Malformed), "{token}");
    }
    assert_eq!(judged(&format!("{signed}."), &verify(), NOW), Err(Denied::Signature));
}

proptest! {
    #[test]
    fn any_text_is_judged(text: String, parts in "[A-Za-z0-9_-]{0,40}[.][A-Za-z0-9_-]{0,40}[.][A-Za-z0-9_-]{0,40}") {
        prop_assert!(judged(&text, &verify(), NOW).is_err());
        prop_assert!(judged(&parts, &verify(), NOW).is_err());
    }

    #[test]
    fn no_letter_of_a_token_may_change(place: prop::sample::Index, letter in "[A-Za-z0-9_.-]") {
        let place = place.index(GOOD.len());
        let mut token = GOOD.to_owned();
        token.replace_range(place..=place, &letter);
        prop_assert_eq!(judged(&token, &verify(), NOW).is_ok(), token == GOOD);
    }
}
