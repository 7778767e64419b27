//! Signatures by WebCrypto.

use azid_core::effect::{Detail, SignFailure, SignRequest, SignatureAlgorithm};
use js_sys::{Object, Reflect, Uint8Array};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::JsFuture;
use web_sys::CryptoKey;

use crate::scope::{said, scope};

/// Signs with a key that was made or imported for this very algorithm: WebCrypto binds an RSA key
/// to a digest, and would sign with another one than was asked for.
pub(crate) async fn sign(key: CryptoKey, request: SignRequest) -> Result<Vec<u8>, SignFailure> {
    let failed = |error: JsValue| SignFailure::Other(Detail::new(said(&error)));
    let wanted = match request.algorithm {
        SignatureAlgorithm::Rs256 => ["RSASSA-PKCS1-v1_5", "SHA-256"],
        SignatureAlgorithm::Ps256 => ["RSA-PSS", "SHA-256"],
        SignatureAlgorithm::Es256 => ["ECDSA", "P-256"],
        _ => return Err(unusable("WebCrypto has no such algorithm")),
    };
    if made_for(&key).map_err(failed)? != wanted.map(str::to_owned) {
        return Err(unusable(
            "it was made for another algorithm, digest or curve",
        ));
    }
    let parameters = parameters(wanted[0]).map_err(failed)?;
    let message = Uint8Array::from(request.message.expose());
    let crypto = scope().crypto().map_err(failed)?;
    let signed = crypto
        .subtle()
        .sign_with_object_and_js_u8_array(&parameters, &key, &message)
        .map_err(failed)?;
    let signature = JsFuture::from(signed).await.map_err(failed)?;
    Ok(Uint8Array::new(&signature).to_vec())
}

fn unusable(why: &str) -> SignFailure {
    SignFailure::UnusableKey(Detail::new(why))
}

/// The name of a key's algorithm, and its digest or curve.
fn made_for(key: &CryptoKey) -> Result<[String; 2], JsValue> {
    let algorithm = key.algorithm()?;
    let field = |of: &JsValue, name: &str| Reflect::get(of, &name.into());
    let hash = field(&algorithm, "hash")?;
    let bound_to = match hash.is_object() {
        true => field(&hash, "name")?,
        false => field(&algorithm, "namedCurve")?,
    };
    let name = field(&algorithm, "name")?;
    Ok([name, bound_to].map(|it| it.as_string().unwrap_or_default()))
}

/// Each algorithm takes those of these that it knows.
fn parameters(name: &str) -> Result<Object, JsValue> {
    let parameters = Object::new();
    for (field, value) in [
        ("name", JsValue::from(name)),
        ("hash", "SHA-256".into()),
        ("saltLength", 32.into()),
    ] {
        Reflect::set(&parameters, &field.into(), &value)?;
    }
    Ok(parameters)
}
