# A program that ends without disposing its client, over 8 Mbit/s: what a disposed stream has written still arrives; the peer of an open one
# sees an error and no end of the stream.
routed_path
on r tc qdisc add dev eth1 root tbf rate 8mbit burst 16kb latency 100ms
endings="$1/../Utp.Endings"
if ! dotnet build -c Release "$endings" -v quiet -nologo -clp:ErrorsOnly >"$work/build.log" 2>&1; then
  fail "program that ends early" "$(tail -n 1 "$work/build.log")"
  return 0 2>/dev/null || exit 0
fi

for how in closed open; do
  on b timeout 60 dotnet "$UTP_DLL" cat -l 7760 </dev/null >"$work/$how.out" 2>"$work/$how.log" &
  receiver=$!
  wait_until 20 listens b 7760
  begin=$(now_ms)
  on a dotnet "$endings/bin/Release/net10.0/Utp.Endings.dll" 10.77.2.1:7760 2000000 "$how" >"$work/$how.program" 2>&1
  took=$(($(now_ms) - begin))
  wait "$receiver"
  code=$?
  size=$(stat -c %s "$work/$how.out")
  case "$how" in
    closed)
      if [ "$code" -eq 0 ] && [ "$size" -eq 2000000 ]; then
        pass "program that ends after closing" "2 MB over 8 Mbit/s, the program took $took ms"
      else
        fail "program that ends after closing" "exit code $code, $size of 2000000 bytes: $(tail -n 1 "$work/$how.log")"
      fi
      ;;
    open)
      if [ "$code" -ne 0 ]; then
        pass "program that ends with an open stream" "the peer's exit code is $code after $took ms: $(tail -n 1 "$work/$how.log")"
      else
        fail "program that ends with an open stream" "the peer took $size bytes for the whole"
      fi
      ;;
  esac
done
