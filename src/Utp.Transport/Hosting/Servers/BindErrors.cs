using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Utp.Transport.Hosting.Configuration;

namespace Utp.Transport.Hosting.Servers;

/// <summary>
/// Makes the exceptions for endpoints that cannot be bound. They name the endpoint, its key and the other endpoint of this program that has the port.
/// </summary>
internal sealed class BindErrors(UtpServerAddresses addresses, UtpListenerEndpoints endpoints)
{
    /// <summary>Gets whether an exception of a bind is for the operator, and not a defect.</summary>
    public static bool AreExplained(Exception exception) => exception is AddressInUseException or SocketException;

    /// <summary>Makes the exception for a failed bind.</summary>
    /// <param name="what">What failed to bind, for example <c>listener 'echo'</c>; null for the address alone.</param>
    /// <param name="endPoint">The requested endpoint.</param>
    /// <param name="exception">The exception of the transport.</param>
    public IOException Explain(string? what, UtpEndPoint endPoint, Exception exception)
    {
        var subject = what is null ? $"address {endPoint.ToUriString()}" : $"{what} to {endPoint.ToUriString()}";
        var failure = what is null ? $"Failed to bind to {subject}" : $"Failed to bind {subject}";
        return new IOException($"{failure}: {CauseAndRemedy(endPoint, exception)}", exception);
    }

    private string CauseAndRemedy(UtpEndPoint endPoint, Exception exception)
    {
        var key = endPoint.ListenerName is { } name ? endpoints.UrlKey(name) : null;
        var anotherPort = key is null ? "listen on another port" : $"set {key} to another port";
        if (exception is not AddressInUseException)
        {
            var anotherAddress = key is null ? "Listen on an address of this machine" : $"Set {key} to an address of this machine";
            return $"{exception.Message.TrimEnd('.')}. {anotherAddress}, for example utp://0.0.0.0:{endPoint.Port}.";
        }

        return addresses.FindBound(endPoint) is { } other
            ? $"the UDP port is already in use by {Describe(other)} of this program. {char.ToUpperInvariant(anotherPort[0])}{anotherPort[1..]}."
            : $"the UDP port is already in use. Stop the program that has it, or {anotherPort}.";
    }

    private string Describe(UtpEndPoint other) => other.ListenerName is { } name ? $"{endpoints.UrlKey(name)}" : $"the endpoint {other.ToUriString()}";
}
