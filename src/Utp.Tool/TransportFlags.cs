using System.CommandLine;
using System.CommandLine.Parsing;
using Utp.Transport.Options;

namespace Utp.Tool;

/// <summary>The options of the transport, as flags of each command.</summary>
internal sealed class TransportFlags
{
    private readonly Option<UtpCongestionControl?> _congestion = Choice<UtpCongestionControl>("--congestion", "Congestion controller");
    private readonly Option<int?> _targetDelay = Number("--target-delay", "MILLISECONDS", "Queueing delay that the controller steers to", 5, 100);
    private readonly Option<int?> _receiveBuffer = Number("--receive-buffer", "BYTES", "Receive window of a connection; 1048576 when not given", 8192, 1 << 30);
    private readonly Option<int?> _sendBuffer =
        Number("--send-buffer", "BYTES", "Unacknowledged bytes a connection holds; 1048576 when not given", 8192, 1 << 30);
    private readonly Option<int?> _kernelBuffer = Number("--kernel-buffer", "BYTES", "Kernel buffers to ask for; 4194304 when not given", 65536, 1 << 30);
    private readonly Option<int?> _mtuCeiling =
        Number("--mtu-ceiling", "BYTES", "Largest UDP payload, found by probing; 1252 (IPv6: 1232) when not given", 576, 65507);
    private readonly Option<UtpDatagramOffload?> _offload = Choice<UtpDatagramOffload>("--offload", "How datagrams enter and leave the system");
    private readonly Option<int?> _connectTimeout = Number("--connect-timeout", "SECONDS", "How long to try to connect; 20 when not given", 1, 600);
    private readonly Option<int?> _idleTimeout = Number("--idle-timeout", "SECONDS", "Silence after which a peer is taken for gone", 1, 86400);

    private readonly Option<string?> _trace = new("--trace")
    {
        HelpName = "FILE",
        Description = "Write a trace of every connection, for 'utp plot'; replaces the file",
    };

    private TransportFlags(Command command)
    {
        command.Add(_congestion);
        command.Add(_targetDelay);
        command.Add(_receiveBuffer);
        command.Add(_sendBuffer);
        command.Add(_kernelBuffer);
        command.Add(_mtuCeiling);
        command.Add(_offload);
        command.Add(_connectTimeout);
        command.Add(_idleTimeout);
        command.Add(_trace);
    }

    /// <param name="command">Gets the flags. It has one engine at most, since that is what a trace is of.</param>
    public static TransportFlags AddTo(Command command) => new(command);

    /// <summary>Whether the command line asks for a trace.</summary>
    public bool IsTracing(ParseResult parsed) => parsed.GetValue(_trace) is not null;

    /// <summary>A flag with a whole number within bounds. A value outside of them is a usage error.</summary>
    public static Option<int?> Number(string name, string unit, string description, int minimum, int maximum)
    {
        var option = new Option<int?>(name) { HelpName = unit, Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var value) && (value < minimum || value > maximum))
            {
                result.AddError($"{name} is {value}. Expected {minimum} to {maximum}.");
            }
        });
        return option;
    }

    /// <summary>A flag with one of the names of an enumeration, in any case.</summary>
    public static Option<TEnum?> Choice<TEnum>(string name, string description)
        where TEnum : struct, Enum =>
        new(name)
        {
            HelpName = "NAME",
            Description = $"{description}: {string.Join(", ", Enum.GetNames<TEnum>())}",
            CustomParser = result => ParseChoice<TEnum>(name, result),
        };

    /// <summary>The options that the command line asks for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="closeOnPeerFinish">False for commands that use half-close.</param>
    /// <param name="idleTimeout">When the command line says nothing of it.</param>
    public UtpTransportOptions Read(ParseResult parsed, bool closeOnPeerFinish, TimeSpan? idleTimeout = null)
    {
        var options = new UtpTransportOptions { CloseOnPeerFinish = closeOnPeerFinish, MtuCeiling = parsed.GetValue(_mtuCeiling) };
        options.CongestionControl = parsed.GetValue(_congestion) ?? options.CongestionControl;
        options.TargetDelay = parsed.GetValue(_targetDelay) is { } delay ? TimeSpan.FromMilliseconds(delay) : null;
        options.ReceiveBufferSize = parsed.GetValue(_receiveBuffer) ?? options.ReceiveBufferSize;
        options.SendBufferSize = parsed.GetValue(_sendBuffer) ?? options.SendBufferSize;
        options.KernelReceiveBufferSize = parsed.GetValue(_kernelBuffer) ?? options.KernelReceiveBufferSize;
        options.KernelSendBufferSize = parsed.GetValue(_kernelBuffer) ?? options.KernelSendBufferSize;
        options.DatagramOffload = parsed.GetValue(_offload) ?? options.DatagramOffload;
        options.ConnectTimeout = parsed.GetValue(_connectTimeout) is { } connect ? TimeSpan.FromSeconds(connect) : options.ConnectTimeout;
        options.IdleTimeout = parsed.GetValue(_idleTimeout) is { } idle ? TimeSpan.FromSeconds(idle) : idleTimeout ?? options.IdleTimeout;

        options.TracePath = ReadTrace(parsed.GetValue(_trace));

        // Keepalives show that a silent peer is alive, so they must come often enough for that.
        var keepAlive = TimeSpan.FromSeconds(Math.Max(1, Math.Floor(options.IdleTimeout.TotalSeconds / 3)));
        options.KeepAliveInterval = keepAlive < options.KeepAliveInterval ? keepAlive : options.KeepAliveInterval;
        return options;
    }

    /// <summary>Checks, before anything else happens, that the file can be written.</summary>
    private static string? ReadTrace(string? path)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            using var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write);
            return path;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new ToolException($"The trace cannot be written to '{path}': {e.Message}", e);
        }
    }

    private static TEnum? ParseChoice<TEnum>(string name, ArgumentResult result)
        where TEnum : struct, Enum
    {
        var text = result.Tokens.Count == 1 ? result.Tokens[0].Value : string.Empty;
        if (text.Length > 0 && char.IsLetter(text[0]) && Enum.TryParse<TEnum>(text, ignoreCase: true, out var value) && Enum.IsDefined(value))
        {
            return value;
        }

        result.AddError($"{name} is '{text}'. Expected one of {string.Join(", ", Enum.GetNames<TEnum>())}.");
        return null;
    }
}
