#!/bin/sh
IPT=/sbin/iptables
NET="10.0.0.0/8"
$IPT -F
iptables -P INPUT DROP
iptables -N mail
for port in 25 465; do iptables -A INPUT -p tcp --dport $port -j mail; done
iptables -I INPUT 1 -s $NET -m state --state NEW,ESTABLISHED -j ACCEPT
iptables -t nat -A PREROUTING -p tcp -d 203.0.113.25 --dport 25 \
  -j DNAT --to 10.0.0.5
ip6tables -A INPUT -s fe80::/10 -j ACCEPT
iptables -D INPUT 2
iptables -A mail -j RETURN # done
