#!/bin/bash
# User data of an EC2 instance that runs one role of GAS (Amazon Linux 2023 or any distribution with systemd and the AWS command line).
# Set the four lines below; the instance's profile is the role's policy (gas aws policy ROLE), with s3:GetObject on the program, and
# secretsmanager:GetSecretValue on the session secret for web.
set -euo pipefail
ROLE=web
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
# One role of GAS on a machine: systemctl enable --now gas@annotator. Settings stand in /etc/gas/gas.env, those of one role in /etc/gas/ROLE.env.
# For everything in one process, without AWS: systemctl enable --now gas@all, with GAS_ROLE= (empty) in /etc/gas/all.env.
[Unit]
Description=GAS, the Genomics Annotation Service: %i
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
ExecStart=/usr/local/bin/gas serve
Environment=GAS_ROLE=%i GAS_DATA=/var/lib/gas
EnvironmentFile=-/etc/gas/gas.env
EnvironmentFile=-/etc/gas/%i.env
Restart=always
RestartSec=2
# SIGTERM drains (GAS_DRAIN); what is not done then is given back.
KillSignal=SIGTERM
TimeoutStopSec=130
LimitNOFILE=65536

DynamicUser=yes
User=gas
StateDirectory=gas
StateDirectoryMode=0700
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
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
