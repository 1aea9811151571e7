#!/bin/bash
# User data of an EC2 instance that runs one role of GAS (Amazon Linux 2023 or any distribution with systemd and the AWS command line).
# Set the four lines below; the instance's profile is the role's policy (gas aws policy ROLE), with s3:GetObject on the program, and
# secretsmanager:GetSecretValue on the session secret for web.
set -euo pipefail
ROLE=@ROLE@
PROGRAM=@PROGRAM@   # s3://BUCKET/gas, made by make build
PREFIX=@PREFIX@     # stands before every name
BASE_URL=@BASE_URL@ # the address that people use
SECRET=@SECRET@     # the id of the secret that signs sessions; only web reads it

# The region, from the instance's own metadata (version 2: with a token).
token=$(curl -fsS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' http://169.254.169.254/latest/api/token)
region=$(curl -fsS -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/placement/region)

aws s3 cp --region "$region" "$PROGRAM" /usr/local/bin/gas
chmod 0755 /usr/local/bin/gas

install -d -m 0750 /etc/gas
umask 077
cat >/etc/gas/gas.env <<ENV
GAS_BACKEND=aws
GAS_AWS_REGION=$region
GAS_AWS_PREFIX=$PREFIX
GAS_BASE_URL=$BASE_URL
GAS_DRAIN=110s
ENV
if [ "$ROLE" = web ]; then
	secret=$(aws secretsmanager get-secret-value --region "$region" --secret-id "$SECRET" --query SecretString --output text)
	printf 'GAS_ADDR=0.0.0.0:8080\nGAS_SESSION_SECRET=%s\n' "$secret" >/etc/gas/web.env
fi

cat >/etc/systemd/system/gas@.service <<'UNIT'
@UNIT@
UNIT
systemctl daemon-reload
systemctl enable --now "gas@$ROLE"

# The instance is good once the role takes work.
for _ in $(seq 60); do
	GAS_DATA=/var/lib/gas /usr/local/bin/gas healthcheck && exit 0
	sleep 2
done
journalctl -u "gas@$ROLE" --no-pager | tail -50
exit 1
