iptables -t nat -A PREROUTING -p tcp -d 203.0.113.25 --dport 25 \
ip6tableP
iptables $N mail