//! A token for Key Vault, on standard output: by ureq and serde_json alone.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let value = |name| std::env::var(name).map_err(|_| format!("{name} is not set"));
    let tenant = value("AZURE_TENANT_ID")?;
    let mut answer = ureq::post(format!(
        "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"
    ))
    .send_form([
        ("grant_type", "client_credentials"),
        ("client_id", &value("AZURE_CLIENT_ID")?),
        ("client_secret", &value("AZURE_CLIENT_SECRET")?),
        ("scope", "https://vault.azure.net/.default"),
    ])?;
    let answer: serde_json::Value = serde_json::from_reader(answer.body_mut().as_reader())?;
    let token = answer["access_token"].as_str().ok_or("no token")?;
    println!("{token}");
    Ok(())
}
