namespace Utp.Tool.Relay;

/// <summary>One side of a relay: a protocol and an address.</summary>
internal sealed record RelayAddress(bool IsUtp, UtpEndPoint EndPoint)
{
    /// <summary>Parses utp://HOST:PORT or tcp://HOST:PORT.</summary>
    /// <exception cref="UsageException">It is neither.</exception>
    public static RelayAddress Parse(string text, bool toListen)
    {
        foreach (var (scheme, isUtp) in new[] { ("utp://", true), ("tcp://", false) })
        {
            if (text.StartsWith(scheme, StringComparison.OrdinalIgnoreCase))
            {
                return new RelayAddress(isUtp, Addresses.Parse(text[scheme.Length..].TrimEnd('/'), toListen));
            }
        }

        throw new UsageException($"'{text}' is not an address of a relay. Expected utp://HOST:PORT or tcp://HOST:PORT.");
    }

    public override string ToString() => $"{(IsUtp ? "utp" : "tcp")}://{EndPoint}";
}
