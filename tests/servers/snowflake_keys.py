"""Writes key pairs for tests into the folder in its one argument, as Snowflake's documentation has a user make them."""

import base64
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

PASSPHRASE = b"pass-phr4se"
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS8, PLAIN = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()

folder = Path(sys.argv[1])
key, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
folder.joinpath("dbt.p8").write_bytes(key.private_bytes(PEM, PKCS8, PLAIN))
locked = serialization.BestAvailableEncryption(PASSPHRASE)
folder.joinpath("locked.p8").write_bytes(key.private_bytes(PEM, PKCS8, locked))
folder.joinpath("der.b64").write_bytes(base64.b64encode(key.private_bytes(DER, PKCS8, PLAIN)))
folder.joinpath("locked-der.b64").write_bytes(base64.b64encode(key.private_bytes(DER, PKCS8, locked)))
folder.joinpath("other.p8").write_bytes(other.private_bytes(PEM, PKCS8, PLAIN))
folder.joinpath("curve.p8").write_bytes(ec.generate_private_key(ec.SECP256R1()).private_bytes(PEM, PKCS8, PLAIN))
for name, pair in (("dbt", key), ("other", other)):
    public = pair.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    folder.joinpath(f"{name}.pub").write_bytes(public)
